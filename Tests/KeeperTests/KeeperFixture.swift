// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

/// A real keeper in a scratch directory, whose engine is the probe: its instances answer attempts instead of prompts.
final class KeeperFixture {
    let scratch: ScratchDirectory
    let process: ProcessHandle
    let socketPath: String

    /// `wrapper` is a program with arguments that becomes the keeper: it execs what follows.
    init(engine: String = BuiltExecutable.path("sandbox-probe"), wrapper: [String] = [], owner: uid_t? = nil) throws {
        scratch = try ScratchDirectory()
        socketPath = scratch.path + "/k.sock"
        let watch = try DirectoryWatch(scratch.path)
        if let owner {
            let path = scratch.path
            try systemCall("chown", path) { chown(path, owner, owner) }
        }
        let line =
            wrapper + [BuiltExecutable.path("deepflow-keeper"), "--socket", socketPath, "--engine", engine]
        process = try ProcessLaunch(
            executable: line[0], arguments: Array(line.dropFirst()), descriptors: [nil, STDERR_FILENO, STDERR_FILENO]
        ).start()
        try waitUntilAnswering(watch)
    }

    /// Waits until daemons can attach.
    func waitUntilAnswering() throws {
        try waitUntilAnswering(DirectoryWatch(scratch.path))
    }

    /// A socket's file appears a moment before it listens: a refusal is tried again at the next event, or soon.
    private func waitUntilAnswering(_ watch: borrowing DirectoryWatch) throws {
        while !UnixSocket.isAnswering(socketPath, kind: .packet) {
            var event = pollfd(fd: watch.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 50) >= 0 else { throw SystemCallError("poll") }
            watch.clear()
        }
    }

    /// A socket of another keeper, open as long as the fixture.
    var otherKeeper: OwnedDescriptor?

    deinit {
        try? process.send(signal: SIGTERM)
        _ = try? process.reap(waits: true)
    }
}

/// The test in a node daemon's place.
final class TestDaemon {
    let socket: PacketSocket
    private var lastDescriptor: OwnedDescriptor?
    /// The template that was started last.
    private(set) var templateProcess: Int32 = 0

    init(_ keeper: KeeperFixture) throws {
        socket = PacketSocket(owning: try UnixSocket.connect(to: keeper.socketPath, kind: .packet))
        // A keeper that says nothing fails the test instead of holding it up.
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            socket.descriptor.rawValue, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    func order(_ order: ToKeeper, descriptor: CInt? = nil, version: UInt8? = nil) throws {
        var frame = order.encoded()
        if let version { frame[4] = version }
        _ = try frame.withUnsafeBytes {
            try socket.send($0, descriptors: descriptor.map { [$0] } ?? [])
        }
    }

    /// The next event, what the keeper tells of the sandbox apart; its descriptor, if any, is kept for `takeChannel`.
    func receive() throws -> FromKeeper {
        while true {
            let event = try hearAnything()
            if case .sandbox = event { continue }
            return event
        }
    }

    private func hearAnything() throws -> FromKeeper {
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        var descriptors = ReceivedDescriptors()
        let result = try buffer.withUnsafeMutableBytes { try socket.receive(into: $0, descriptors: &descriptors) }
        guard case .packet(let count) = result else { throw Silence(result: result) }
        if let descriptor = descriptors.takeFirst() { lastDescriptor = consume descriptor }
        return try buffer.prefix(count).withUnsafeBytes { try FromKeeper(decoding: $0) }
    }

    func takeChannel() throws -> PacketSocket {
        PacketSocket(owning: try takeDescriptor())
    }

    /// What came with the last event that brought a descriptor.
    func takeDescriptor() throws -> OwnedDescriptor {
        guard let descriptor = lastDescriptor.take() else { throw Silence(result: .nothing) }
        return descriptor
    }

    /// Greets a fresh keeper.
    func greet() throws {
        try order(.hello)
        #expect(try isWelcome(receive()))
        #expect(try receive() == .prewarmed(0))
        #expect(try receive() == .stateComplete)
    }

    /// Greets a fresh keeper and starts a template.
    func startTemplate() throws -> TemplateID {
        try greet()
        let template = TemplateID.random()
        let artefact = try MemoryFile.sealed(name: "artefact", byteCount: 4096)
        try order(.startTemplate(template, model: "probe"), descriptor: artefact.rawValue)
        guard case .templateStarting(template, "probe", let process) = try receive() else {
            throw Silence(result: .nothing)
        }
        templateProcess = process
        guard case .templateReady(template, _) = try receive() else { throw Silence(result: .nothing) }
        return template
    }

    /// Orders instances and hears of each: the processes of those that run, the sentences about those that do not.
    func forkAll(_ ids: [InstanceID], from template: TemplateID) throws -> ForkedGroup {
        let settings = InstanceSettings(keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1)
        try order(.fork(ids, template: template, settings))
        return try receiveAll(ids)
    }

    /// The same without the order.
    func receiveAll(_ ids: [InstanceID]) throws -> ForkedGroup {
        var group = ForkedGroup()
        while group.running.count + group.failures.count < ids.count {
            switch try receive() {
            case .instanceRunning(let id, let running) where ids.contains(id): group.running[id] = running.processID
            case .instanceEnded(let id, .notStarted(let reason)) where ids.contains(id): group.failures[id] = reason
            case let event: group.others.append(event)
            }
        }
        return group
    }

    func isWelcome(_ event: FromKeeper) -> Bool {
        if case .welcome = event { return true }
        return false
    }

    /// Forks an instance and returns its process number; its channel waits in `takeChannel`.
    func fork(_ id: InstanceID, from template: TemplateID, on processors: ProcessorSet? = nil) throws -> Int32 {
        let settings = InstanceSettings(
            keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1, processors: processors)
        try order(.fork([id], template: template, settings))
        guard case .instanceRunning(id, let running) = try receive() else { throw Silence(result: .nothing) }
        #expect(running.settings == settings)
        return running.processID
    }
}

/// What became of instances that were ordered together.
struct ForkedGroup {
    var running: [InstanceID: Int32] = [:]
    var failures: [InstanceID: String] = [:]
    /// What was heard beside.
    var others: [FromKeeper] = []
}

/// The keeper did not say what it should have.
struct Silence: Error {
    let result: PacketSocket.ReceiveResult
}
