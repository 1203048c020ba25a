// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import Messages
internal import ServingModel
internal import Synchronization
internal import SystemdIntegration

/// The scheduler's end of one node: keeps its event stream open, sends it orders, and writes what it learns into the
/// node's ledger.
///
/// A lost stream is opened again with growing delays while the socket's file exists, and at once when the file is made
/// anew; every live task is then asked for from its next index. After `grace` without success the node's tasks are
/// given up.
final class NodeConnection: Sendable {
    let node: NodeName
    let orders: any NodeOrders
    private let grace: Duration
    private let ledger = Mutex(NodeLedger())
    private let hasSocket = Mutex(true)
    private let wakeups = BoundedChannel<Void>(limit: 1)
    private let outgoing = BoundedChannel<OutgoingOrder>(limit: 65_536)
    private let whenChanged: @Sendable () -> Void
    private let logger: Logger

    /// `whenChanged` is called when the node or its models come or go, from any thread.
    init(
        node: NodeName, orders: any NodeOrders, grace: Duration, logger: Logger,
        whenChanged: @escaping @Sendable () -> Void
    ) {
        self.node = node
        self.orders = orders
        self.grace = grace
        self.whenChanged = whenChanged
        var logger = logger
        logger[metadataKey: LogKey.node.rawValue] = "\(node)"
        self.logger = logger
    }

    /// The directory changed; ends a wait. `exists` says whether the node's file is there.
    func socketChanged(exists: Bool) {
        hasSocket.withLock { $0 = exists }
        wakeups.post(())
    }

    /// Keeps the connection; returns when the node is gone for good (file and grace) or the task is cancelled.
    func run() async {
        var delay = ReconnectionDelay()
        var deadline = ContinuousClock.now.advanced(by: grace)
        while !Task.isCancelled {
            if await session() {
                delay.reset()
                deadline = .now.advanced(by: grace)
            }
            if ledger.withLock({ $0.isSettling }), .now >= deadline { giveUp() }
            guard let pause = pause(&delay, until: deadline) else { return }
            guard let wakeup = try? await wakeups.take(within: pause) else { return }
            if !wakeup.isEmpty { delay.reset() }
        }
    }

    /// How long to wait before the next try; nil where there will be none.
    private func pause(_ delay: inout ReconnectionDelay, until deadline: ContinuousClock.Instant) -> Duration? {
        let isSettling = ledger.withLock { $0.isSettling }
        let rest = max(.milliseconds(1), ContinuousClock.now.duration(to: deadline))
        if hasSocket.withLock({ $0 }) { return isSettling ? min(delay.next(), rest) : delay.next() }
        return isSettling ? rest : nil
    }

    /// One event stream from its beginning to its end; whether there was one at all.
    private func session() async -> Bool {
        let wasConnected: Bool
        do throws(NodeOrderError) {
            try await follow()
            wasConnected = lose("the node closed its event stream")
        } catch {
            wasConnected = lose(error.description)
        }
        return wasConnected
    }

    private func lose(_ reason: String) -> Bool {
        let wasConnected = ledger.withLock { ledger in
            defer { ledger.lose(reason) }
            return ledger.phase == .connected
        }
        if wasConnected, !Task.isCancelled {
            logger.warning("lost the node", metadata: .about([:], kind: .nodeLost, ["reason": "\(reason)"]))
            whenChanged()
        }
        return wasConnected
    }

    private func giveUp() {
        let lost = ledger.withLock { $0.giveUp() }
        for (task, channel) in lost {
            channel.post(.taskGone(task, reason: "node \(node) did not come back in time"), isUrgent: true)
        }
        if !lost.isEmpty { logger.warning("gave up the node's tasks", metadata: ["tasks": "\(lost.count)"]) }
        whenChanged()
    }

    /// Reads events and sends orders until one of the two fails or ends.
    private func follow() async throws(NodeOrderError) {
        let events = try await orders.events()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for try await event in events { self.receive(event) } }
                group.addTask { while true { try await self.send(OutgoingOrders(try await self.outgoing.take())) } }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as NodeOrderError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private func receive(_ event: NodeEvent) {
        switch event {
        case .hello(_, let version, let processID):
            let resumptions = ledger.withLock { $0.connect() }
            for order in resumptions { outgoing.post(order) }
            logger.info(
                "connected",
                metadata: ["version": "\(version)", "pid": "\(processID)", "resumed-tasks": "\(resumptions.count)"])
            whenChanged()
        case .models(let models):
            ledger.withLock { $0.replace(models: models) }
            whenChanged()
        case .instances(let instances): ledger.withLock { $0.replace(instances: instances) }
        case .task(let task, let event): receive(task, event)
        case .tokens(let tokens): for item in tokens { receive(item.task, .token(item.token)) }
        case .keyValues: break
        }
    }

    private func receive(_ task: TaskID, _ event: TaskEvent) {
        switch ledger.withLock({ $0.receive(task, event) }) {
        case .to(let channel): channel.deliver(task, event)
        case .stray(let order): outgoing.post(order)
        }
    }

    /// Sends what was gathered; what could not be sent is kept for the next stream.
    private func send(_ batch: OutgoingOrders) async throws(NodeOrderError) {
        var rest = batch
        do throws(NodeOrderError) {
            while let order = rest.next() { try await send(order) }
        } catch {
            for order in rest.all { outgoing.post(order) }
            throw error
        }
    }

    private func send(_ order: OutgoingOrders.Step) async throws(NodeOrderError) {
        do throws(NodeOrderError) {
            switch order {
            case .acknowledge(let acknowledgements): try await orders.acknowledge(acknowledgements)
            case .cancel(let task): try await orders.cancel(task)
            case .resume(let task, let index): try await orders.resume(task, from: index)
            }
        } catch .refused(_, _, let message) {
            // Said with an answer, so the connection is sound: only a resumption has someone to tell.
            guard case .resume(let task, _) = order else { return }
            ledger.withLock { $0.remove(task) }?.channel.post(.taskGone(task, reason: message), isUrgent: true)
        }
    }
}

extension NodeConnection {
    /// A copy of what is known, for snapshots and listings.
    func view() -> NodeView {
        ledger.withLock { ledger in
            let isConnected = ledger.phase == .connected
            return NodeView(
                node: node, phase: ledger.phase, problem: ledger.problem, models: isConnected ? ledger.models : [],
                instances: isConnected ? ledger.instances : [], tasks: ledger.tasks.count,
                tokensOfWork: ledger.tasks.values.reduce(0) { $0 + $1.tokens }, isSettling: ledger.isSettling)
        }
    }

    /// Hands a task over. Its events go to `channel` from now on, until `release`; after an error none will come.
    func submit(_ task: ServingTask, tokens: Int, for channel: JobChannel) async throws(NodeOrderError) {
        ledger.withLock { $0.place(task, tokens: tokens, for: channel) }
        do throws(NodeOrderError) {
            try await orders.submit(task)
        } catch {
            ledger.withLock { _ = $0.remove(task.id) }
            switch error {
            case .refused: break
            // The node may have taken it all the same.
            case .unreachable, .malformed, .cancelled: outgoing.post(.cancel(task.id))
            }
            throw error
        }
        if let order = ledger.withLock({ $0.confirm(task.id) }) { outgoing.post(order) }
    }

    /// The job has the task's tokens below `index`.
    func acknowledge(_ task: TaskID, index: Int) {
        outgoing.post(.acknowledge(TaskAcknowledgement(task: task, index: index, isOver: false)))
    }

    /// The job misses the events from `index` on.
    func askAgain(_ task: TaskID, from index: Int) {
        outgoing.post(.resume(task, index: index))
    }

    /// The job wants nothing more of the task: the node forgets it, or ends it where it still runs.
    func release(_ task: TaskID, index: Int) {
        if let order = ledger.withLock({ $0.release(task, index: index) }) { outgoing.post(order) }
    }
}
