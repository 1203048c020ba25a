// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What is to be placed.
package struct PlacementRequest: Hashable, Sendable {
    package var model: ModelName
    /// Tokens of prompt and answer together, estimated.
    package var tokens: Int
    /// How many placements came before this one: what a policy that takes turns counts by.
    package var ordinal: UInt64
    /// Nodes that failed or refused this job just now: taken only where no other has the model.
    package var avoiding: Set<NodeName>

    package init(model: ModelName, tokens: Int, ordinal: UInt64, avoiding: Set<NodeName> = []) {
        self.model = model
        self.tokens = tokens
        self.ordinal = ordinal
        self.avoiding = avoiding
    }
}

/// Where a task goes, how, and why there. Which of its instances takes the task is the node's to choose: it sees its free
/// places as they are, the scheduler as they were. A policy that has a place kept says so in `ServingTask.reservation`.
package struct Placement: Hashable, Sendable {
    /// What decided between the nodes that have the model.
    package enum Reason: String, Hashable, Sendable {
        /// The least work was left there; among equals an instance was warm, or its name comes first.
        case leastWork = "least_work"
        /// It was the node's turn.
        case turn
    }

    package var node: NodeName
    package var mode: TaskMode
    package var reason: Reason

    package init(node: NodeName, mode: TaskMode = .serve, reason: Reason) {
        self.node = node
        self.mode = mode
        self.reason = reason
    }
}

/// A policy's answer about a task.
package enum PlacementDecision: Hashable, Sendable {
    case place(Placement)
    /// Nodes are connected, but none has the model.
    case modelNotFound
    /// No node is connected.
    case noNode
}

/// Chooses a node for a task. A value without clock, network or memory: equal input, equal answer.
package protocol PlacementPolicy: Sendable {
    /// Decides for `request`; called by the scheduler for every task that it is about to send.
    func decide(_ request: PlacementRequest, in index: PlacementIndex) -> PlacementDecision
}

extension PlacementIndex {
    /// The decision where no node has the model.
    func decisionWithoutCandidates() -> PlacementDecision { connectedCount == 0 ? .noNode : .modelNotFound }
}
