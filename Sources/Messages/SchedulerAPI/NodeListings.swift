// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What the scheduler knows of its connection to a node.
///
/// - `connecting`: its socket was found; goes to `connected` or `unreachable`.
/// - `connected`: events arrive; goes to `unreachable`.
/// - `unreachable`: the socket refuses or is gone; goes to `connected` when it answers again.
package enum NodeConnectionState: String, Hashable, Sendable, Codable, CaseIterable {
    case connecting, connected, unreachable
}

/// A node as the scheduler sees it.
package struct NodeListing: Hashable, Sendable, Codable {
    package var node: NodeName
    package var state: NodeConnectionState
    /// The node's own words; nil while it does not answer.
    package var status: NodeStatus?
    /// Why it is not connected, in a sentence; nil where it is.
    package var problem: String?
    /// Tasks that the scheduler has placed there and that are not over.
    package var placedTasks: Int

    package init(
        node: NodeName, state: NodeConnectionState, status: NodeStatus?, problem: String?, placedTasks: Int
    ) {
        self.node = node
        self.state = state
        self.status = status
        self.problem = problem
        self.placedTasks = placedTasks
    }
}

/// A model and the node that has it.
package struct NodeModel: Hashable, Sendable, Codable {
    package var node: NodeName
    package var model: ModelSummary

    package init(node: NodeName, model: ModelSummary) {
        self.node = node
        self.model = model
    }
}

/// An instance and the node that it runs on.
package struct NodeInstance: Hashable, Sendable, Codable {
    package var node: NodeName
    package var instance: InstanceSummary

    package init(node: NodeName, instance: InstanceSummary) {
        self.node = node
        self.instance = instance
    }
}

/// A template and the node that it runs on.
package struct NodeTemplate: Hashable, Sendable, Codable {
    package var node: NodeName
    package var template: TemplateSummary

    package init(node: NodeName, template: TemplateSummary) {
        self.node = node
        self.template = template
    }
}

/// The answer to a model's removal.
package struct ModelRemoval: Hashable, Sendable, Codable {
    package var name: ModelName
    /// The nodes that had it and no longer do.
    package var nodes: [NodeName]

    package init(name: ModelName, nodes: [NodeName]) {
        self.name = name
        self.nodes = nodes
    }
}
