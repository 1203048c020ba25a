// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@testable import Keeper

@Suite("Keeper", .serialized)
struct KeeperProcessTests {
    @Test("A template starts, an instance is forked, and its channel works")
    func fork() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        _ = try daemon.fork(.random(), from: template)
        let channel = try daemon.takeChannel()
        #expect(try channel.attempt("plainMapping") == "0 0")
    }

    @Test("An instance stays on the processors that it was given, its template does not")
    func processors() throws {
        let all = try ProcessorSet.ofCallingThread()
        let number = try #require((0..<1024).last(where: all.contains))
        let last = try #require(ProcessorSet(list: "\(number)"))
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let instance = try daemon.fork(.random(), from: template, on: last)
        // It answers when its first moments are over.
        #expect(try daemon.takeChannel().attempt("plainMapping") == "0 0")
        #expect(try Self.allowedProcessors(of: instance) == last)
        #expect(try Self.allowedProcessors(of: daemon.templateProcess) == all)
    }

    private static func allowedProcessors(of process: Int32) throws -> ProcessorSet? {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
        return ProcessorSet(list: line.split(separator: "\t").last ?? "")
    }

    @Test("The end of an instance is told with its status, and its template goes on")
    func endings() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let first = InstanceID.random()
        let process = try daemon.fork(first, from: template)
        // It answers when its first moments are over, in which it cannot tell yet how it ended.
        #expect(try daemon.takeChannel().attempt("plainMapping") == "0 0")
        kill(process, SIGSEGV)
        guard case .instanceEnded(first, .signalled(SIGSEGV, let crash)) = try daemon.receive() else {
            Issue.record("the end was not told")
            return
        }
        // What it wrote in its crash page: where it was, and who had called it.
        #expect(crash?.signal == SIGSEGV && crash?.instruction != 0)
        #expect(crash?.frames.isEmpty == false)
        let second = InstanceID.random()
        _ = try daemon.fork(second, from: template)
        try daemon.order(.killInstance(second))
        #expect(try daemon.receive() == .instanceEnded(second, .killedByOrder))
    }

    @Test("A daemon that attaches again finds the same instance on a working channel")
    func attachment() throws {
        let keeper = try KeeperFixture()
        let instance = InstanceID.random()
        let template: TemplateID
        let number: Int32
        do {
            let daemon = try TestDaemon(keeper)
            template = try daemon.startTemplate()
            number = try daemon.fork(instance, from: template)
        }
        let successor = try TestDaemon(keeper)
        try successor.order(.hello)
        #expect(try successor.isWelcome(successor.receive()))
        #expect(try successor.receive() == .prewarmed(0))
        guard case .templateStarting(template, "probe", _) = try successor.receive(),
            case .templateReady(template, _) = try successor.receive(),
            case .instanceRunning(instance, let running) = try successor.receive()
        else {
            Issue.record("the state was not told")
            return
        }
        #expect(running.processID == number)
        #expect(try successor.receive() == .stateComplete)
        let channel = try successor.takeChannel()
        #expect(try channel.attempt("plainMapping") == "0 0")
    }

    @Test("Instances survive their template, and forks from a dead template fail with a sentence")
    func templateDeath() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        _ = try daemon.fork(.random(), from: template)
        let channel = try daemon.takeChannel()
        try daemon.order(.stopTemplate(template))
        guard case .templateEnded(template, _) = try daemon.receive() else {
            Issue.record("the template's end was not told")
            return
        }
        #expect(try channel.attempt("plainMapping") == "0 0")
        let late = InstanceID.random()
        try daemon.order(
            .fork(
                [late], template: template, InstanceSettings(keyValueBytes: 4096, rankCount: 1, maximumTasks: 1)))
        #expect(try daemon.receive() == .instanceEnded(late, .notStarted(reason: "its template is not ready")))
    }

    @Test("An engine that cannot start or ends at once is told, not fatal")
    func brokenEngine() throws {
        for engine in ["/no/such/engine", "/bin/false"] {
            let keeper = try KeeperFixture(engine: engine)
            let daemon = try TestDaemon(keeper)
            try daemon.order(.hello)
            #expect(try daemon.isWelcome(daemon.receive()))
            #expect(try daemon.receive() == .prewarmed(0))
            #expect(try daemon.receive() == .stateComplete)
            let artefact = try MemoryFile.sealed(name: "artefact", byteCount: 4096)
            let template = TemplateID.random()
            try daemon.order(.startTemplate(template, model: "m"), descriptor: artefact.rawValue)
            var event = try daemon.receive()
            if case .templateStarting = event { event = try daemon.receive() }
            guard case .templateEnded(template, let end) = event else {
                Issue.record("\(engine): \(event)")
                continue
            }
            if engine == "/bin/false" {
                #expect(end == .exited(code: 1))
            } else {
                #expect(end.status == nil && end.description.contains(engine))
            }
        }
    }

    @Test("A daemon that talks nonsense is cut off, and the next one is served")
    func nonsense() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        _ = try [UInt8](repeating: 0xab, count: 50).withUnsafeBytes { try daemon.socket.send($0) }
        #expect(throws: Silence.self) { try daemon.receive() }
        let next = try TestDaemon(keeper)
        _ = try next.startTemplate()
    }

    @Test("A daemon that says hello replaces the one before; orders without hello are refused")
    func replacement() throws {
        let keeper = try KeeperFixture()
        let first = try TestDaemon(keeper)
        _ = try first.startTemplate()
        let silent = try TestDaemon(keeper)
        try silent.order(.retire)
        #expect(throws: Silence.self) { try silent.receive() }
        let second = try TestDaemon(keeper)
        try second.order(.hello)
        #expect(try second.isWelcome(second.receive()))
        #expect(throws: Silence.self) { try first.receive() }
    }

    @Test("A socket file that was removed is made again, and daemons find the keeper there")
    func removedFile() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        #expect(unlink(keeper.socketPath) == 0)
        try keeper.waitUntilAnswering()
        let successor = try TestDaemon(keeper)
        try successor.order(.hello)
        #expect(try successor.isWelcome(successor.receive()))
        #expect(try successor.receive() == .prewarmed(0))
        guard case .templateStarting(template, _, _) = try successor.receive() else {
            Issue.record("the keeper that was found is another one")
            return
        }
    }

    @Test("A keeper whose path another one has ends when its daemon is gone, and takes no other's file with it")
    func replaced() throws {
        let keeper = try KeeperFixture()
        do {
            let daemon = try TestDaemon(keeper)
            _ = try daemon.startTemplate()
            // Moved into place at once, so that there is no moment in which the first could make its own again.
            keeper.otherKeeper = try UnixSocket.listen(
                at: keeper.scratch.path + "/other", kind: .packet, mode: 0o600)
            #expect(rename(keeper.scratch.path + "/other", keeper.socketPath) == 0)
            // Still serves the daemon that it has.
            try daemon.order(.hello)
            #expect(try daemon.isWelcome(daemon.receive()))
        }
        #expect(try keeper.process.reap(waits: true) == .exited(code: 0))
        #expect(access(keeper.socketPath, F_OK) == 0)
    }

    @Test("A daemon of another version is greeted in the keeper's own, can have it retire, and nothing else")
    func otherVersion() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let other = try TestDaemon(keeper)
        try other.order(.hello, version: 2)
        #expect(try other.isWelcome(other.receive()))
        try other.order(.stopTemplate(template), version: 2)
        #expect(throws: Silence.self) { while true { _ = try other.receive() } }
        let next = try TestDaemon(keeper)
        try next.order(.hello, version: 99)
        try next.order(.retire, version: 99)
        #expect(try keeper.process.reap(waits: true) == .exited(code: 0))
    }

    @Test("Descriptors that are held by key outlive their daemon")
    func heldDescriptors() throws {
        let keeper = try KeeperFixture()
        let (kept, given) = (try #require(DescriptorKey("arena/m")), try #require(DescriptorKey("table")))
        do {
            let daemon = try TestDaemon(keeper)
            try daemon.greet()
            for key in [kept, given, kept] {
                let file = try MemoryFile.sealed(name: "held", byteCount: 4096)
                try systemCall("pwrite") { pwrite(file.rawValue, key.text, key.text.utf8.count, 0) }
                try daemon.order(.hold(key), descriptor: file.rawValue)
                #expect(try daemon.receive() == .held(key))
            }
            try daemon.order(.hold(kept))
            #expect(try daemon.receive() == .notHeld(kept, message: "the order came without a descriptor"))
            try daemon.order(.release(given))
        }
        let successor = try TestDaemon(keeper)
        try successor.order(.hello)
        #expect(try successor.isWelcome(successor.receive()))
        #expect(try successor.receive() == .prewarmed(0))
        #expect(try successor.receive() == .held(kept))
        let file = try successor.takeDescriptor()
        #expect(try successor.receive() == .stateComplete)
        var bytes = [UInt8](repeating: 0, count: 7)
        #expect(pread(file.rawValue, &bytes, 7, 0) == 7)
        #expect(bytes == Array("arena/m".utf8))
    }

    @Test("The keeper holds so many descriptors and no more, and tells of all of them, however late they are read")
    func fullStore() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        try daemon.greet()
        let file = try MemoryFile.sealed(name: "held", byteCount: 4096)
        for number in 0..<DescriptorStore.limit {
            let key = try #require(DescriptorKey("k\(number)"))
            try daemon.order(.hold(key), descriptor: file.rawValue)
            #expect(try daemon.receive() == .held(key))
        }
        let late = try #require(DescriptorKey("late"))
        try daemon.order(.hold(late), descriptor: file.rawValue)
        guard case .notHeld(late, _) = try daemon.receive() else {
            Issue.record("one too many was held")
            return
        }
        try daemon.order(.release(try #require(DescriptorKey("k7"))))
        try daemon.order(.hold(late), descriptor: file.rawValue)
        #expect(try daemon.receive() == .held(late))

        // A successor that reads only when all was said: more than a socket has room for.
        let successor = try TestDaemon(keeper)
        try successor.order(.hello)
        let other = try TestDaemon(keeper)
        try other.order(.retire)
        #expect(throws: Silence.self) { try other.receive() }
        #expect(try successor.isWelcome(successor.receive()))
        #expect(try successor.receive() == .prewarmed(0))
        var keys: Set<DescriptorKey> = []
        while case .held(let key) = try successor.receive() {
            keys.insert(key)
            _ = try successor.takeDescriptor()
        }
        #expect(keys.count == DescriptorStore.limit && keys.contains(late))
    }

    @Test("The order to retire ends instances, templates, keeper and socket file")
    func retirement() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let number = try daemon.fork(.random(), from: template)
        try daemon.order(.retire)
        #expect(try keeper.process.reap(waits: true) == .exited(code: 0))
        #expect(kill(number, 0) == -1)
        #expect(access(keeper.socketPath, F_OK) == -1)
    }

    @Test("A second keeper at the same socket says that it is taken, and the attached daemon notices nothing")
    func taken() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let second = try ProcessLaunch(
            executable: BuiltExecutable.path("deepflow-keeper"), arguments: ["--socket", keeper.socketPath],
            descriptors: [nil, nil, nil]
        ).start()
        #expect(try second.reap(waits: true) == .exited(code: 69))
        _ = try daemon.fork(.random(), from: template)
    }
}
