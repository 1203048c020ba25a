// SPDX-License-Identifier: Apache-2.0
package import Logging
package import Messages
package import Policies
package import ServingModel
internal import Synchronization

/// All nodes: finds them by their sockets, keeps one connection each, places tasks by the policy.
package final class ClusterManager: Sendable {
    /// Makes the orders for a node; tests put scripted nodes here.
    package typealias OrderMaker = @Sendable (NodeName) -> any NodeOrders

    private struct State {
        var connections: [NodeName: NodeConnection] = [:]
        var placements: UInt64 = 0
        /// Jobs that wait for the cluster to change.
        var waiting: [JobID: JobChannel] = [:]
        /// Changes of the nodes' stores that are to be seen here, see `waitUntilSeen`.
        var witnesses: [BoundedChannel<Void>] = []
    }

    private let policy: any PlacementPolicy
    private let makeOrders: OrderMaker
    private let grace: Duration
    private let logger: Logger
    private let state = Mutex(State())

    /// `grace` is how long a node may be away before its tasks are placed elsewhere.
    package init(
        policy: any PlacementPolicy, grace: Duration, logger: Logger, makeOrders: @escaping OrderMaker
    ) {
        self.policy = policy
        self.grace = grace
        self.logger = logger
        self.makeOrders = makeOrders
    }

    /// Keeps the connections to the nodes that `sockets` tells of, until it ends or the task is cancelled.
    package func run(sockets: AsyncStream<Set<NodeName>>) async {
        await withDiscardingTaskGroup { group in
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

    private func addConnection(_ node: NodeName) -> NodeConnection? {
        state.withLock { state in
            guard state.connections[node] == nil else { return nil }
            let connection = NodeConnection(
                node: node, orders: makeOrders(node), grace: grace, logger: logger,
                whenChanged: { [weak self] in self?.tellWaiting() })
            state.connections[node] = connection
            return connection
        }
    }

    private func remove(_ connection: NodeConnection) {
        state.withLock { $0.connections[connection.node] = nil }
        tellWaiting()
    }

    private func tellWaiting() {
        let (waiting, witnesses) = state.withLock { ($0.waiting, $0.witnesses) }
        for channel in waiting.values { channel.post(.clusterChanged) }
        for channel in witnesses { channel.post(()) }
    }

    private func connection(_ node: NodeName) -> NodeConnection? {
        state.withLock { $0.connections[node] }
    }

    /// A copy of what is known of every node, by name.
    func views() -> [NodeView] {
        let connections = state.withLock { Array($0.connections.values) }
        return connections.map { $0.view() }.sorted { $0.node.text < $1.node.text }
    }

    /// The orders of a node that is known; nil for any other name.
    package func orders(of node: NodeName) -> (any NodeOrders)? {
        connection(node)?.orders
    }
}

extension ClusterManager {
    /// Where a task can go, or why nowhere. `isSettling`: a node is missing that may be back in a moment, so that a "no"
    /// is not final.
    struct Decision: Sendable {
        var placement: Placement
        var isSettling: Bool
    }

    /// Asks the policy about the cluster as it is now.
    func place(_ model: ModelName, tokens: Int, avoiding: Set<NodeName>) -> Decision {
        let views = views()
        let ordinal = state.withLock { state in
            defer { state.placements &+= 1 }
            return state.placements
        }
        let snapshot = ClusterSnapshot(nodes: views.filter { $0.phase == .connected }.map(\.snapshot))
        let request = PlacementRequest(model: model, tokens: tokens, ordinal: ordinal, avoiding: avoiding)
        return Decision(
            placement: policy.place(request, given: snapshot), isSettling: views.contains(where: \.isSettling))
    }

    /// From now on `channel` gets a word when the cluster changes.
    func wait(_ job: JobID, _ channel: JobChannel) {
        state.withLock { $0.waiting[job] = channel }
    }

    /// The job waits no longer.
    func stopWaiting(_ job: JobID) {
        state.withLock { $0.waiting[job] = nil }
    }

    /// How long a node's events may take to come after its answer.
    private static let eventPatience = Duration.seconds(10)

    /// Waits until the nodes' events have told of a change to their stores, within a bound. A node's answer to an order
    /// may overtake them, and who has it would find the cluster as it was before.
    package func waitUntilSeen(_ isSeen: @Sendable ([NodeModel]) -> Bool) async {
        let changes = BoundedChannel<Void>(limit: 1)
        state.withLock { $0.witnesses.append(changes) }
        defer { state.withLock { $0.witnesses.removeAll { $0 === changes } } }
        let deadline = ContinuousClock.now.advanced(by: Self.eventPatience)
        while !isSeen(models()), .now < deadline {
            guard (try? await changes.take(within: ContinuousClock.now.duration(to: deadline))) != nil else { return }
        }
    }

    /// Hands a task over to a node; see `NodeConnection.submit`.
    func submit(
        _ task: ServingTask, tokens: Int, to node: NodeName, for channel: JobChannel
    ) async throws(NodeOrderError) {
        guard let connection = connection(node) else { throw .unreachable("node \(node) has just gone") }
        try await connection.submit(task, tokens: tokens, for: channel)
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
}
