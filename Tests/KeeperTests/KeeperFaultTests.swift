// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@Suite("What goes wrong at a start is told of that start, and takes nothing else down", .serialized)
struct KeeperFaultTests {
    /// Nobody's, so that nothing else counts against its limit of processes.
    private static let lonelyUser: uid_t = 61_184

    private static func ids(_ count: Int) -> [InstanceID] { (0..<count).map { _ in .random() } }

    @Test("a template that exits while it forks: each ordered instance is told, one that ran before goes on")
    func templateExits() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        _ = try daemon.fork(.random(), from: template)
        let channel = try daemon.takeChannel()
        // Stopped first, so that the order lies with it, not yet carried out, when it dies.
        #expect(kill(daemon.templateProcess, SIGSTOP) == 0)
        let ids = Self.ids(40)
        let settings = InstanceSettings(keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1)
        try daemon.order(.fork(ids, template: template, settings))
        try daemon.order(.stopTemplate(template))
        let group = try daemon.receiveAll(ids)
        #expect(group.failures.count == 40)
        #expect(group.failures.values.allSatisfy { $0.contains("template") }, "\(Set(group.failures.values))")
        #expect(try channel.attempt("plainMapping") == "0 0")
        let next = try TestDaemon(keeper)
        try next.order(.hello)
        #expect(try next.isWelcome(next.receive()))
    }

    @Test("an order that comes without its artefact is refused with a sentence")
    func missingArtefact() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let good = try daemon.startTemplate()
        let template = TemplateID.random()
        try daemon.order(.startTemplate(template, model: "probe"))
        let end = ProcessEnd.notStarted(reason: "the order came without an artefact")
        #expect(try daemon.receive() == .templateEnded(template, end))
        _ = try daemon.fork(.random(), from: good)
    }

    @Test("no descriptors left: what fits runs, the rest is told, and later forks work")
    func descriptorsExhausted() throws {
        let keeper = try KeeperFixture(
            wrapper: ["/usr/bin/prlimit", "--nofile=48", "--"])
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let group = try daemon.forkAll(Self.ids(24), from: template)
        #expect(!group.running.isEmpty)
        #expect(!group.failures.isEmpty)
        for message in group.failures.values { #expect(message.contains("Too many open files")) }
        #expect(group.others.isEmpty)
        for process in group.running.values { #expect(kill(process, 0) == 0) }
        // More connections than descriptors are left: they are closed, and not announced for ever.
        let late = try (0..<12).map { _ in
            SharedDescriptor(try UnixSocket.connect(to: keeper.socketPath, kind: .packet))
        }
        var isClosed = pollfd(fd: try #require(late.last).rawValue, events: Int16(POLLIN), revents: 0)
        #expect(poll(&isClosed, 1, 20_000) == 1 && Int32(isClosed.revents) & POLLHUP != 0)
        for id in group.failures.keys { try daemon.order(.releaseInstance(id)) }
        // One instance leaves four descriptors, and a fork needs five for a moment.
        for id in group.running.keys.prefix(2) {
            try daemon.order(.killInstance(id))
            #expect(try daemon.receive() == .instanceEnded(id, .killedByOrder))
            try daemon.order(.releaseInstance(id))
        }
        _ = try daemon.fork(.random(), from: template)
    }

    /// A user's limit of processes binds nobody who is root, so the keeper must be able to become another.
    private static var canLeaveRoot: Bool {
        guard geteuid() == 0 else { return false }
        let check = try? ProcessLaunch(
            executable: "/usr/bin/setpriv",
            arguments: leaving + ["/usr/bin/test", "-x", BuiltExecutable.path("sandbox-probe")],
            descriptors: [nil, nil, nil]
        ).start()
        return (try? check?.reap(waits: true)) == .exited(code: 0)
    }

    private static let leaving = ["--reuid", "\(lonelyUser)", "--regid", "\(lonelyUser)", "--clear-groups"]

    @Test(
        "no processes left (EAGAIN of clone): what fits runs, the rest is told, the template goes on",
        .enabled(if: canLeaveRoot))
    func processesExhausted() throws {
        let wrapper =
            ["/usr/bin/prlimit", "--nproc=6", "--", "/usr/bin/setpriv"] + Self.leaving
        let keeper = try KeeperFixture(wrapper: wrapper, owner: Self.lonelyUser)
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let group = try daemon.forkAll(Self.ids(12), from: template)
        // Keeper and template take two, and a template that only tries the sandbox may still live.
        #expect((1...4).contains(group.running.count) && group.failures.count >= 8)
        for message in group.failures.values {
            #expect(message.contains("clone") && message.contains("Resource temporarily unavailable"))
        }
        #expect(group.others.isEmpty)
        let (first, _) = try #require(group.running.first)
        try daemon.order(.killInstance(first))
        #expect(try daemon.receive() == .instanceEnded(first, .killedByOrder))
        _ = try daemon.fork(.random(), from: template)
    }
}
