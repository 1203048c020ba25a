// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Logging
internal import Messages
internal import Policies
internal import ServingModel
internal import Synchronization
internal import SystemdIntegration

/// The scheduler's end of one node: keeps its event stream open, sends it orders, and writes what it learns into the
/// node's ledger and the placement index.
///
/// A lost stream is opened again with growing delays while the socket's file exists, and at once when the file is made
/// anew; every live task is then asked for from its next index. After the limits' grace without success the node's tasks are
/// given up.
final class NodeConnection: Sendable {
    let node: NodeName
    let client: any NodeAPI
    private let limits: NodeLimits
    private let ledger = Mutex(NodeLedger())
    private let index: ClusterIndex
    private let clock: any SchedulerClock
    private let hasSocket = Mutex(true)
    private let wakeups = BoundedChannel<Void>(limit: 1)
    private let outgoing = BoundedChannel<DeferredRequest>(limit: 65_536)
    private let whenChanged: @Sendable () -> Void
    private let whenReplaced: @Sendable () -> Void
    private let logger: Logger

    /// How long acknowledgements are gathered for one request; far less than an instance needs to fill its window.
    private static let gathering = Duration.milliseconds(20)

    /// `whenChanged` is called when the node or its models come or go, `whenReplaced` when the node says that a later
    /// scheduler of the same identity gives the orders; both from any thread.
    init(
        node: NodeName, client: any NodeAPI, limits: NodeLimits, index: ClusterIndex, clock: any SchedulerClock,
        logger: Logger, whenChanged: @escaping @Sendable () -> Void, whenReplaced: @escaping @Sendable () -> Void
    ) {
        self.node = node
        self.client = client
        self.limits = limits
        self.index = index
        self.clock = clock
        self.whenChanged = whenChanged
        self.whenReplaced = whenReplaced
        var logger = logger
        logger[metadataKey: LogKey.node.rawValue] = "\(node)"
        self.logger = logger
        index.update { $0.add(node) }
    }

    /// The directory changed; ends a wait. `exists` says whether the node's file is there.
    func socketChanged(exists: Bool) {
        hasSocket.withLock { $0 = exists }
        wakeups.send(())
    }

    /// Keeps the connection; returns when the node is gone for good (file and grace) or the task is cancelled.
    func run() async {
        var delay = ReconnectionDelay(longest: limits.longestRetry)
        var deadline = clock.now.advanced(by: limits.grace)
        while !Task.isCancelled {
            if await session() {
                delay.reset()
                deadline = clock.now.advanced(by: limits.grace)
            }
            if ledger.withLock({ $0.isSettling }), clock.now >= deadline { giveUp() }
            guard let next = nextTry(&delay, until: deadline) else { return }
            guard let wakeup = try? await wakeups.receive(until: next, on: clock) else { return }
            if !wakeup.isEmpty { delay.reset() }
        }
    }

    /// When to try again; nil where there will be no further try.
    private func nextTry(_ delay: inout ReconnectionDelay, until deadline: MonotonicTime) -> MonotonicTime? {
        let isSettling = ledger.withLock { $0.isSettling }
        let now = clock.now
        let last = max(deadline, now.advanced(by: .milliseconds(1)))
        if hasSocket.withLock({ $0 }) {
            let next = now.advanced(by: delay.next())
            return isSettling ? min(next, last) : next
        }
        return isSettling ? last : nil
    }

    /// One event stream from its beginning to its end; whether there was one at all.
    private func session() async -> Bool {
        do throws(NodeRequestError) {
            try await follow()
            return lose("the node closed its event stream")
        } catch {
            if error.isStaleEpoch { whenReplaced() }
            return lose(error.description)
        }
    }

    private func lose(_ reason: String) -> Bool {
        let wasConnected = ledger.withLock { ledger in
            defer { ledger.lose(reason) }
            return ledger.phase == .connected
        }
        updateState()
        if wasConnected, !Task.isCancelled {
            logger.warning("lost the node", metadata: .about([:], kind: .nodeLost, ["reason": "\(reason)"]))
            whenChanged()
        }
        return wasConnected
    }

    private func giveUp() {
        let lost = ledger.withLock { $0.giveUp() }
        updateState()
        for (task, placed) in lost {
            index.update { $0.change(node, tokens: placed.tokens, sign: -1) }
            placed.listener.taskGone(task, reason: "node \(node) did not come back in time")
        }
        if !lost.isEmpty { logger.warning("gave up the node's tasks", metadata: ["tasks": "\(lost.count)"]) }
        whenChanged()
    }

    private func updateState() {
        let (isConnected, isSettling) = ledger.withLock { ($0.phase == .connected, $0.isSettling) }
        index.update { $0.setState(of: node, isConnected: isConnected, isSettling: isSettling) }
    }

    /// Reads events and sends orders until one of the two fails or ends.
    private func follow() async throws(NodeRequestError) {
        let events = try await client.events()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for try await event in events { self.receive(event) } }
                group.addTask { while true { try await self.send(try await self.gatherRequests()) } }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as NodeRequestError {
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
            updateState()
            for request in resumptions { outgoing.send(request) }
            logger.info(
                "connected",
                metadata: ["version": "\(version)", "pid": "\(processID)", "resumed-tasks": "\(resumptions.count)"])
            whenChanged()
        case .models(let models):
            ledger.withLock { $0.replace(models: models) }
            index.update { $0.setModels(of: node, Set(models.map(\.name))) }
            whenChanged()
        case .instances(let instances):
            ledger.withLock { $0.replace(instances: instances) }
            index.update { $0.setInstances(of: node, instances.map(PlacementIndex.Instance.init)) }
        case .task(let task, let event): receive(event, of: task)
        case .tokens(let tokens): receive(tokens)
        case .keyValues: break
        }
    }

    private func receive(_ event: TaskEvent, of task: TaskID) {
        switch ledger.withLock({ $0.receive(task, event) }) {
        case .to(let listener): listener.receive(task, event)
        case .stray(let request): outgoing.send(request)
        }
    }

    private func receive(_ tokens: [TaskToken]) {
        let deliveries = ledger.withLock { $0.receive(tokens) }
        for delivery in deliveries {
            switch delivery.target {
            case .to(let listener): listener.receive(delivery.task, tokens: delivery.tokens)
            case .stray(let request): outgoing.send(request)
            }
        }
    }

    /// What is to be sent next: at once where a task or a job waits for it, with what else comes in a moment where not.
    private func gatherRequests() async throws(CancellationError) -> DeferredRequests {
        var requests = DeferredRequests(try await outgoing.receive())
        let deadline = clock.now.advanced(by: Self.gathering)
        while requests.canWait, clock.now < deadline {
            for request in try await outgoing.receive(until: deadline, on: clock) { requests.add(request) }
        }
        return requests
    }

    /// Sends what was gathered; what could not be sent is kept for the next stream.
    private func send(_ batch: DeferredRequests) async throws(NodeRequestError) {
        var rest = batch
        do throws(NodeRequestError) {
            while let request = rest.next() { try await send(request) }
        } catch {
            for request in rest.all { outgoing.send(request) }
            throw error
        }
    }

    private func send(_ step: DeferredRequests.Step) async throws(NodeRequestError) {
        do throws(NodeRequestError) {
            switch step {
            case .acknowledge(let acknowledgements): try await client.acknowledge(acknowledgements)
            case .cancel(let task): try await client.cancel(task)
            case .resume(let task, let index): try await client.resume(task, from: index)
            }
        } catch .refused(let status, let code, let message) {
            let error = NodeRequestError.refused(status: status, code: code, message: message)
            if error.isStaleEpoch { throw error }
            // The node answered, so the connection is sound and the stream goes on. Only a refused resumption means that a
            // job will get no further events: it is told that its task is gone.
            guard case .resume(let task, _) = step else { return }
            remove(task)?.listener.taskGone(task, reason: message)
        }
    }

    @discardableResult
    private func remove(_ task: TaskID) -> NodeLedger.PlacedTask? {
        let placed = ledger.withLock { $0.remove(task) }
        if let placed { index.update { $0.change(node, tokens: placed.tokens, sign: -1) } }
        return placed
    }
}

extension NodeConnection {
    /// A copy of what is known, for listings.
    func view() -> NodeView {
        ledger.withLock { ledger in
            let isConnected = ledger.phase == .connected
            return NodeView(
                node: node, phase: ledger.phase, problem: ledger.problem, models: isConnected ? ledger.models : [],
                instances: isConnected ? ledger.instances : [], tasks: ledger.tasks.count)
        }
    }

    /// Hands a task over. `listener` is told what the node says of it from now on, until `release`; after an error nothing
    /// more comes.
    func submit(
        _ task: ServingTask, tokens: Int, for listener: any TaskListener
    ) async throws(NodeRequestError) {
        ledger.withLock { $0.place(task, tokens: tokens, for: listener) }
        index.update { $0.change(node, tokens: tokens, sign: 1) }
        do throws(NodeRequestError) {
            try await client.submit(task)
        } catch {
            remove(task.id)
            if error.isStaleEpoch { whenReplaced() }
            switch error {
            case .refused: break
            // The node may have taken it all the same.
            case .unreachable, .malformed, .cancelled: outgoing.send(.cancel(task.id))
            }
            throw error
        }
        if let request = ledger.withLock({ $0.confirm(task.id) }) { outgoing.send(request) }
    }

    /// The job has the task's tokens below `index`.
    func acknowledge(_ task: TaskID, index: Int) {
        outgoing.send(.acknowledge(TaskAcknowledgement(task: task, index: index, isOver: false)))
    }

    /// The job misses the events from `index` on.
    func askAgain(_ task: TaskID, from index: Int) {
        outgoing.send(.resume(task, index: index))
    }

    /// The job wants nothing more of the task: the node releases it, or ends it where it still runs.
    func release(_ task: TaskID, index partIndex: Int) {
        let (request, placed) = ledger.withLock { ledger in
            let placed = ledger.tasks[task]
            return (ledger.release(task, index: partIndex), placed)
        }
        if let placed { index.update { $0.change(node, tokens: placed.tokens, sign: -1) } }
        if let request { outgoing.send(request) }
    }
}

extension PlacementIndex.Instance {
    /// What a policy sees of an instance: one that starts or drains takes no task now.
    init(_ summary: InstanceSummary) {
        let takesTasks =
            switch summary.state {
            case .ready, .busy: true
            case .forked, .specialising, .draining, .exited: false
            }
        self.init(
            model: summary.model,
            freePlaces: takesTasks ? max(0, summary.maximumTasks - summary.activeTasks) : 0)
    }
}
