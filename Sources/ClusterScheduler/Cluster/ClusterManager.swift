// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
package import Logging
package import Messages
package import Policies
package import ServingModel
internal import Synchronization

/// All nodes: finds them by their sockets, keeps one connection each, places tasks by the policy.
package final class ClusterManager: Sendable {
    /// Makes the client for a node; tests put scripted nodes here.
    package typealias ClientMaker = @Sendable (NodeName) -> any NodeAPI

    private struct State {
        var connections: [NodeName: NodeConnection] = [:]
        var placements: UInt64 = 0
        /// Jobs that wait for the cluster to change.
        var watchers: [ObjectIdentifier: any ClusterWatcher] = [:]
        /// Changes of the nodes' stores that are to be seen here, see `waitUntilSeen`.
        var witnesses: [BoundedChannel<Void>] = []
    }

    /// A task on its way to a node.
    private struct Submission: Sendable {
        let task: ServingTask
        let tokens: Int
        let node: NodeName
        let listener: any TaskListener
    }

    private let policy: any PlacementPolicy
    private let makeClient: ClientMaker
    private let limits: NodeLimits
    private let clock: any SchedulerClock
    private let logger: Logger
    private let state = Mutex(State())
    private let index = ClusterIndex()
    private let submissions = BoundedChannel<Submission>(limit: 0)
    private let replacements = BoundedChannel<NodeName>(limit: 1)

    /// Places by `policy`, and keeps the connections within `limits`.
    package init(
        policy: any PlacementPolicy, limits: NodeLimits, clock: any SchedulerClock = SystemClock(), logger: Logger,
        makeClient: @escaping ClientMaker
    ) {
        self.policy = policy
        self.limits = limits
        self.clock = clock
        self.logger = logger
        self.makeClient = makeClient
    }

    /// Keeps the connections to the nodes that `sockets` tells of, until it ends or the task is cancelled.
    package func run(sockets: AsyncStream<Set<NodeName>>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.submitTasks() }
            for await names in sockets {
                for node in names {
                    guard let connection = addConnection(node) else { continue }
                    group.addTask {
                        await connection.run()
                        self.remove(connection)
                    }
                }
                let connections = state.withLock { $0.connections }
                for (node, connection) in connections { connection.socketChanged(exists: names.contains(node)) }
            }
            group.cancelAll()
        }
    }

    /// Returns the first node that says that this scheduler was replaced by a later one of the same identity. Fails when
    /// the task is cancelled.
    package func untilReplaced() async throws(CancellationError) -> NodeName? {
        try await replacements.receive().first
    }

    /// Each task is handed over by a task of its own, so that a node that hesitates holds up nobody else's.
    private func submitTasks() async {
        await withDiscardingTaskGroup { group in
            while let batch = try? await submissions.receive() {
                for submission in batch { group.addTask { await self.submit(submission) } }
            }
        }
    }

    private func submit(_ submission: Submission) async {
        guard let connection = connection(submission.node) else {
            return submission.listener.submissionEnded(
                submission.task.id, .unreachable("node \(submission.node) has just gone"))
        }
        do throws(NodeRequestError) {
            try await connection.submit(submission.task, tokens: submission.tokens, for: submission.listener)
            submission.listener.submissionEnded(submission.task.id, nil)
        } catch {
            submission.listener.submissionEnded(submission.task.id, error)
        }
    }

    private func addConnection(_ node: NodeName) -> NodeConnection? {
        state.withLock { state in
            guard state.connections[node] == nil else { return nil }
            let connection = NodeConnection(
                node: node, client: makeClient(node), limits: limits, index: index, clock: clock, logger: logger,
                whenChanged: { [weak self] in self?.tellWatchers() },
                whenReplaced: { [replacements] in replacements.send(node) })
            state.connections[node] = connection
            return connection
        }
    }

    private func remove(_ connection: NodeConnection) {
        state.withLock { $0.connections[connection.node] = nil }
        index.update { $0.remove(connection.node) }
        tellWatchers()
    }

    private func tellWatchers() {
        let (watchers, witnesses) = state.withLock { ($0.watchers, $0.witnesses) }
        for watcher in watchers.values { watcher.clusterChanged() }
        for channel in witnesses { channel.send(()) }
    }

    private func connection(_ node: NodeName) -> NodeConnection? {
        state.withLock { $0.connections[node] }
    }

    /// A copy of what is known of every node, by name, for listings.
    func views() -> [NodeView] {
        let connections = state.withLock { Array($0.connections.values) }
        return connections.map { $0.view() }.sorted { $0.node.text < $1.node.text }
    }

    /// The client of a node that is known; nil for any other name.
    package func client(of node: NodeName) -> (any NodeAPI)? {
        connection(node)?.client
    }

    /// How long a node's events may take to come after its answer.
    private static let eventTimeout = Duration.seconds(10)

    /// Waits until the nodes' events have told of a change to their stores, within a bound. A node's answer to an order
    /// may overtake them, and who has it would find the cluster as it was before.
    package func waitUntilSeen(_ isSeen: @Sendable ([NodeModel]) -> Bool) async {
        let changes = BoundedChannel<Void>(limit: 1)
        state.withLock { $0.witnesses.append(changes) }
        defer { state.withLock { $0.witnesses.removeAll { $0 === changes } } }
        let deadline = clock.now.advanced(by: Self.eventTimeout)
        while !isSeen(models()), clock.now < deadline {
            guard (try? await changes.receive(until: deadline, on: clock)) != nil else { return }
        }
    }
}

extension ClusterManager: TaskPlacing {
    func refusal(of model: ModelName) -> PlacementDecision? {
        index.read { index in
            guard index.candidates(for: model).isEmpty, index.settlingCount == 0 else { return nil }
            return index.connectedCount == 0 ? .noNode : .modelNotFound
        }
    }

    func decide(_ model: ModelName, tokens: Int, avoiding: Set<NodeName>) -> ClusterDecision {
        let ordinal = state.withLock { state in
            defer { state.placements &+= 1 }
            return state.placements
        }
        let request = PlacementRequest(model: model, tokens: tokens, ordinal: ordinal, avoiding: avoiding)
        return index.read { index in
            ClusterDecision(decision: policy.decide(request, in: index), isSettling: index.settlingCount > 0)
        }
    }

    func submit(_ task: ServingTask, tokens: Int, to node: NodeName, for listener: any TaskListener) {
        submissions.send(Submission(task: task, tokens: tokens, node: node, listener: listener), isUrgent: true)
    }

    func acknowledge(_ task: TaskID, on node: NodeName, index: Int) {
        connection(node)?.acknowledge(task, index: index)
    }

    func askAgain(_ task: TaskID, on node: NodeName, from index: Int) {
        connection(node)?.askAgain(task, from: index)
    }

    func release(_ task: TaskID, on node: NodeName, index: Int) {
        connection(node)?.release(task, index: index)
    }

    func watch(_ watcher: any ClusterWatcher) {
        state.withLock { $0.watchers[ObjectIdentifier(watcher)] = watcher }
    }

    func unwatch(_ watcher: any ClusterWatcher) {
        state.withLock { $0.watchers[ObjectIdentifier(watcher)] = nil }
    }
}
