// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// What the scheduler knows of a node at one moment.
struct NodeView: Sendable {
    var node: NodeName
    var phase: NodeConnectionState
    /// Why it is not connected.
    var problem: String?
    var models: [ModelSummary]
    var instances: [InstanceSummary]
    /// Tasks placed there and not over.
    var tasks: Int
}
