// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
internal import Messages
internal import ServingModel

/// What a descriptor that the keeper waits for belongs to; templates by their numbers.
enum EventSource: Hashable {
    case listener, signals, directory
    case connection(UInt64)
    case templateChannel(Int), systemCalls(Int)
    case instanceMessages(InstanceID)
}

/// The parent of templates and instances: small, synchronous, one thread, so that it never has a reason to fail.
///
/// It execs templates, has them fork, reaps what ends, and holds every descriptor that must outlive a node daemon. A daemon
/// attaches over a packet socket, gives orders, and may die at any time; the next one is told everything again.
///
/// It blocks in the readiness list and nowhere else.
package final class KeeperProcess {
    private let sources: ReadinessSources<EventSource>
    private let signals: SignalWatch
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: PacketSocket.maximumPacketSize, alignment: 16)
    private let path: ListeningPath
    private let daemons: DaemonConnections
    private var supervisor: Supervisor
    private var lifetime = KeeperLifetime()

    /// Binds `socketPath` (mode 0600) and prepares to start `flowserve` at `engine`.
    /// `identity` is the user of all templates; else each has its own where the keeper is root.
    package init(socketPath: String, engine: String, identity: String? = nil) throws(SystemCallError) {
        sources = try ReadinessSources()
        path = try ListeningPath(socketPath, kind: .packet, mode: 0o600)
        signals = try SignalWatch([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
        DaemonPreparation.apply()
        try sources.add(.signals, signals.descriptor.rawValue)
        try sources.add(.directory, path.changes)
        if let listener = path.listener { try sources.add(.listener, listener) }
        daemons = DaemonConnections(sources)
        supervisor = Supervisor(
            sources, TemplateLauncher(engine: engine, identity: identity), daemons, buffer)
    }

    deinit { buffer.deallocate() }

    /// Serves until there is no more reason to; afterwards the socket file is gone.
    package func run() throws(SystemCallError) {
        KeeperLog.write("keeper \(getpid()) listens at \(path.path)")
        var manager = ServiceManagerLink()
        supervisor.prewarm(at: .now)
        manager.tell("READY=1\nSTATUS=listens at \(path.path)")
        while case .goOn(let due) = nextTurn() {
            manager.signalIfDue()
            let waitingTime = [due?.millisecondsAhead, manager.waitingTime].compactMap(\.self).min()
            for event in try sources.wait(milliseconds: waitingTime) {
                // What an earlier event of this round ended is not found any more.
                if let source = sources.source(of: event) { handle(source, event) }
            }
        }
        manager.tell("STOPPING=1")
        path.remove()
        supervisor.closeAll()
        KeeperLog.write("keeper \(getpid()) ends")
    }

    /// Does what is due by the clock; `goOn` with the time when something will be due again.
    private func nextTurn() -> KeeperLifetime.Decision {
        let now = MonotonicTime.now
        let hasDaemon = daemons.attached != nil
        let due = hasDaemon ? supervisor.prewarmIfDue(at: now) : nil
        let decision = lifetime.decide(
            hasDaemon: hasDaemon, hasInstances: supervisor.hasInstances, isRetiring: supervisor.isRetiring,
            isOver: supervisor.isOver, now: now)
        switch decision {
        case .end: return .end
        case .retire(let reason):
            KeeperLog.write(reason)
            supervisor.retire()
            return nextTurn()
        case .goOn(let end): return .goOn(until: [end, due].compactMap(\.self).min())
        }
    }

    private func handle(_ source: EventSource, _ event: ReadinessList.Event) {
        switch source {
        case .listener: daemons.accept(at: path)
        case .directory: checkPath()
        case .signals:
            while let signal = signals.take() { signal == SIGCHLD ? supervisor.reapChildren() : supervisor.retire() }
        case .connection(let number):
            if event.isWritable { daemons.flush(number) }
            while let (order, descriptor) = daemons.nextOrder(from: number, into: buffer) {
                supervisor.carryOut(order, descriptor, at: .now)
            }
        default: supervisor.handle(source, event)
        }
    }

    /// Something changed beside the socket's file: where another keeper has made its own, this one is no longer the node's.
    private func checkPath() {
        switch path.attend() {
        case .none: return
        case .madeAgain:
            if let listener = path.listener { try? sources.add(.listener, listener) }
            KeeperLog.write("made \(path.path) again, which was removed")
        case .taken:
            lifetime.noteSuccessor()
            KeeperLog.write("another keeper has \(path.path)")
        case .lost(let error): KeeperLog.write("cannot make \(path.path) again: \(error)")
        }
    }
}
