// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
internal import Messages
internal import ServingModel

/// The parent of templates and instances: small, synchronous, one thread, so that it never has a reason to fail.
///
/// It execs templates, has them fork, reaps what ends, and holds every descriptor that must outlive a node daemon:
/// channels, KV segments, process handles. It decides nothing. A daemon attaches over a packet socket, gives orders,
/// and may die at any time; the next one is told everything again.
///
/// It ends:
/// 1. on the order `retire` or SIGTERM, with everything that it holds;
/// 2. when for `Self.lonelyMilliseconds` there was neither a daemon nor an instance;
/// 3. when for `Self.orphanedMilliseconds` there was no daemon: instances that nobody can ask or drain are of no use;
/// 4. when another keeper has its path and no daemon is attached: nobody can find this one any more.
package final class KeeperProcess {
    /// How long a keeper waits for a daemon when it has no instance left.
    static let lonelyMilliseconds = 60_000
    /// How long it holds instances for a daemon that does not come back: far longer than a restart or an upgrade.
    static let orphanedMilliseconds = 600_000

    let readiness: ReadinessList
    let launcher: TemplateLauncher
    let log: KeeperLog
    var keys = ReadinessKeys()
    var templates: [TemplateID: TemplateRecord] = [:]
    var instances: [InstanceID: InstanceRecord] = [:]
    /// Everyone who connected; only the one that said hello last gives orders.
    var connections: [UInt64: DaemonConnection] = [:]
    var daemon: DaemonConnection?
    /// Given up to refuse a connection when there is no other descriptor left.
    var spareDescriptor = try? OwnedDescriptor.open("/dev/null", O_RDONLY)
    /// Listeners of filters, by the numbers of their descriptors.
    var gates: [UInt64: SeccompNotifier] = [:]
    /// What is known of the sandbox here; nil before the trial has ended.
    var sandbox: SandboxState?
    var deniedCalls = 0
    var trial: SandboxTrial?
    var identities: TemplateIdentities
    /// nil while its path could not be bound again.
    var socket: KeeperSocket?
    private let signals: SignalWatch
    private let directory: DirectoryWatch
    private let socketPath: String
    var prewarmed = PrewarmedTemplates()
    var store = DescriptorStore()
    let groups = TemplateGroups()
    private(set) var isRetiring = false
    private var hasSuccessor = false
    private var daemonlessSince: MonotonicTime?
    private var lonelySince: MonotonicTime?

    /// Binds `socketPath` (mode 0600) and prepares to start `flowserve` at `engine`.
    /// `identity` is the user of all templates; else each has its own where the keeper is root.
    package init(socketPath: String, engine: String, identity: String? = nil) throws(SystemCallError) {
        self.socketPath = socketPath
        identities = TemplateIdentities(fixed: identity)
        let socket = try KeeperSocket(path: socketPath)
        directory = try DirectoryWatch(DirectoryPath.parent(of: socketPath))
        signals = try SignalWatch([SIGTERM, SIGINT, SIGHUP])
        DaemonPreparation.apply()
        readiness = try ReadinessList()
        launcher = TemplateLauncher(engine: engine)
        log = KeeperLog()
        try readiness.add(socket.listener.rawValue, key: keys.make(.listener), .readable)
        self.socket = consume socket
        try readiness.add(directory.descriptor.rawValue, key: keys.make(.directory), .readable)
        try readiness.add(signals.descriptor.rawValue, key: keys.make(.signals), .readable)
    }

    /// Serves until there is no more reason to; afterwards the socket file is gone.
    package func run() throws(SystemCallError) {
        log.write("keeper \(getpid()) listens at \(socketPath)")
        beginTrial()
        var manager = ServiceManagerLink()
        manager.ready("listens at \(socketPath)")
        while !isDone {
            manager.signalIfDue()
            replenishPrewarmed()
            let waitingTime = [waitingTime(), manager.waitingTime].compactMap(\.self).min()
            for event in try readiness.wait(milliseconds: waitingTime) {
                // A record that an earlier event of this round ended has taken its keys with it.
                guard let source = keys.source(of: event.key) else { continue }
                handle(source, event)
            }
        }
        manager.stopping()
        socket?.removeFile()
        templates = [:]
        instances = [:]
        groups.remove()
        log.write("keeper \(getpid()) ends")
    }

    /// Something changed beside the socket's file. Where the file was removed it is made again; where another keeper has
    /// made its own, this one is no longer the node's.
    private func watchPath() {
        directory.clear()
        guard socket?.isReachable != true else { return }
        if UnixSocket.isAnswering(socketPath, kind: .packet) {
            hasSuccessor = true
            return log.write("another keeper has \(socketPath)")
        }
        do {
            let socket = try KeeperSocket(path: socketPath)
            try readiness.add(socket.listener.rawValue, key: keys.make(.listener), .readable)
            self.socket = consume socket
            log.write("made \(socketPath) again, which was removed")
        } catch {
            log.write("cannot make \(socketPath) again: \(error)")
        }
    }

    private var isDone: Bool {
        if !isRetiring, daemon == nil, hasSuccessor || hasPassed(Self.orphanedMilliseconds, since: daemonlessSince) {
            log.write(hasSuccessor ? "replaced by another keeper" : "no daemon came back")
            retire()
        }
        if isRetiring { return instances.values.allSatisfy(\.hasEnded) && templates.values.allSatisfy(\.hasEnded) }
        return hasPassed(Self.lonelyMilliseconds, since: lonelySince)
    }

    private func hasPassed(_ milliseconds: Int, since start: MonotonicTime?) -> Bool {
        guard let start else { return false }
        return MonotonicTime.now.microseconds(since: start) >= milliseconds * 1000
    }

    /// Milliseconds until one of the bounds above is reached; nil while none runs.
    private func waitingTime() -> Int? {
        let now = MonotonicTime.now
        guard daemon == nil, !isRetiring else {
            daemonlessSince = nil
            lonelySince = nil
            let due = isRetiring ? nil : prewarmed.dueAt(count: prewarmedRecords.count)
            return due.map { $0.microseconds(since: now) / 1000 + 1 }
        }
        let daemonless = daemonlessSince ?? now
        daemonlessSince = daemonless
        lonelySince = instances.values.allSatisfy(\.hasEnded) ? lonelySince ?? now : nil
        let (start, bound) =
            lonelySince.map { ($0, Self.lonelyMilliseconds) } ?? (daemonless, Self.orphanedMilliseconds)
        return max(0, bound - now.microseconds(since: start) / 1000) + 1
    }

    private func handle(_ source: ReadinessSource, _ event: ReadinessList.Event) {
        switch source {
        case .listener: acceptConnection()
        case .directory: watchPath()
        case .signals: if signals.take() != nil { retire() }
        case .connection(let number): readOrders(number)
        case .templateChannel(let id): readTemplate(id)
        case .templateProcess(let id): reapTemplate(id)
        case .instanceProcess(let id): reapInstance(id)
        case .instanceMessages(let id): relayMessages(id)
        case .calls(let number): readCalls(number, event)
        case .trial: finishTrial()
        }
    }

    /// Ends everything, templates first so that nothing new comes to be.
    func retire() {
        isRetiring = true
        for template in templates.values { template.kill() }
        for instance in instances.values { instance.kill() }
        groups.killAll()
    }
}
