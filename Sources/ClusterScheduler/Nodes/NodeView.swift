// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import Policies
internal import ServingModel

/// What the scheduler knows of a node at one moment.
struct NodeView: Sendable {
    var node: NodeName
    var phase: NodeConnectionState
    /// Why it is not connected.
    var problem: String?
    var models: [ModelSummary]
    var instances: [InstanceSummary]
    /// Tasks placed there and not over, and their tokens of work.
    var tasks: Int
    var tokensOfWork: Int
    /// It is not connected, but may be so in a moment.
    var isSettling: Bool

    /// What a placement policy sees of it.
    var snapshot: ClusterSnapshot.Node {
        let warm = instances.filter { instance in
            switch instance.state {
            case .ready, .busy: instance.activeTasks < instance.maximumTasks
            case .forked, .specialising, .draining, .exited: false
            }
        }
        return ClusterSnapshot.Node(
            name: node, models: Set(models.map(\.name)), tasks: tasks, tokensOfWork: tokensOfWork,
            warmModels: Set(warm.map(\.model)))
    }
}
