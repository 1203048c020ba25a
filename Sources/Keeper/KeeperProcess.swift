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
/// It ends on the order `retire`, on SIGTERM, or when for `Self.lonelyMilliseconds` there was neither a daemon nor an
/// instance.
package final class KeeperProcess {
    /// How long a keeper waits for a daemon when it has no instance left.
    static let lonelyMilliseconds = 60_000

    let readiness: ReadinessList
    let launcher: TemplateLauncher
    let log: KeeperLog
    var keys = ReadinessKeys()
    var templates: [TemplateID: TemplateRecord] = [:]
    var instances: [InstanceID: InstanceRecord] = [:]
    /// Everyone who connected; only the one that said hello last gives orders.
    var connections: [UInt64: DaemonConnection] = [:]
    var daemon: DaemonConnection?
    let listener: OwnedDescriptor
    private let signals: SignalWatch
    private let socketPath: String
    private var isRetiring = false
    private var lonelySince: MonotonicTime?

    /// Binds `socketPath` (mode 0600) and prepares to start `flowserve` at `engine`.
    package init(socketPath: String, engine: String) throws(SystemCallError) {
        self.socketPath = socketPath
        listener = try UnixSocket.listen(at: socketPath, kind: .packet, mode: 0o600)
        try listener.setNonBlocking(true)
        signals = try SignalWatch([SIGTERM, SIGINT, SIGHUP])
        DaemonPreparation.apply()
        readiness = try ReadinessList()
        launcher = TemplateLauncher(engine: engine)
        log = KeeperLog()
        try readiness.add(listener.rawValue, key: keys.make(.listener), .readable)
        try readiness.add(signals.descriptor.rawValue, key: keys.make(.signals), .readable)
    }

    /// Serves until there is no more reason to; afterwards the socket file is gone.
    package func run() throws(SystemCallError) {
        log.write("keeper \(getpid()) listens at \(socketPath)")
        while !isDone {
            for event in try readiness.wait(milliseconds: waitingTime()) {
                // A record that an earlier event of this round ended has taken its keys with it.
                guard let source = keys.source(of: event.key) else { continue }
                handle(source, event)
            }
        }
        unlink(socketPath)
        log.write("keeper \(getpid()) ends")
    }

    private var isDone: Bool {
        if isRetiring { return instances.values.allSatisfy(\.hasEnded) && templates.values.allSatisfy(\.hasEnded) }
        guard let lonelySince else { return false }
        return MonotonicTime.now.microseconds(since: lonelySince) >= Self.lonelyMilliseconds * 1000
    }

    /// Milliseconds until the keeper has been lonely for long enough; nil while it is not.
    private func waitingTime() -> Int? {
        let isLonely = daemon == nil && instances.values.allSatisfy(\.hasEnded)
        guard isLonely, !isRetiring else {
            lonelySince = nil
            return nil
        }
        let since = lonelySince ?? .now
        lonelySince = since
        return max(0, Self.lonelyMilliseconds - MonotonicTime.now.microseconds(since: since) / 1000) + 1
    }

    private func handle(_ source: ReadinessSource, _ event: ReadinessList.Event) {
        switch source {
        case .listener: acceptConnection()
        case .signals: if signals.take() != nil { retire() }
        case .connection(let number): readOrders(number)
        case .templateChannel(let id): readTemplate(id)
        case .templateProcess(let id): reapTemplate(id)
        case .instanceProcess(let id): reapInstance(id)
        case .instanceMessages(let id): relayMessages(id)
        }
    }

    /// Ends everything, templates first so that nothing new comes to be.
    func retire() {
        guard !isRetiring else { return }
        isRetiring = true
        for template in templates.values { template.kill() }
        for instance in instances.values { instance.kill() }
    }
}
