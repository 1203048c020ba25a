// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a placement is decided from: the cluster as the scheduler saw it at one moment.
package struct ClusterSnapshot: Hashable, Sendable {
    /// One node that is connected.
    package struct Node: Hashable, Sendable {
        package var name: NodeName
        package var models: Set<ModelName>
        /// Tasks placed there and not over.
        package var tasks: Int
        /// Tokens that those tasks still have to read and to write, estimated.
        package var tokensOfWork: Int
        /// Models with an instance that could take a task at once.
        package var warmModels: Set<ModelName>

        package init(
            name: NodeName, models: Set<ModelName>, tasks: Int = 0, tokensOfWork: Int = 0,
            warmModels: Set<ModelName> = []
        ) {
            self.name = name
            self.models = models
            self.tasks = tasks
            self.tokensOfWork = tokensOfWork
            self.warmModels = warmModels
        }
    }

    /// In no particular order.
    package var nodes: [Node]

    package init(nodes: [Node]) {
        self.nodes = nodes
    }
}

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

/// A decision about a task.
package enum Placement: Hashable, Sendable {
    case node(NodeName)
    /// Nodes are connected, but none has the model.
    case modelNotFound
    /// No node is connected.
    case noNode
}

/// Chooses a node for a task. A value without clock, network or memory: equal input, equal answer.
package protocol PlacementPolicy: Sendable {
    /// Decides for `request`; called by the scheduler for every task that it is about to send.
    func place(_ request: PlacementRequest, given snapshot: ClusterSnapshot) -> Placement
}

extension ClusterSnapshot {
    /// The nodes that a policy chooses among, sorted by name so that ties are broken alike everywhere; or why there are
    /// none.
    func candidates(for request: PlacementRequest) -> Candidates {
        guard !nodes.isEmpty else { return .none(.noNode) }
        let able = nodes.filter { $0.models.contains(request.model) }.sorted { $0.name.text < $1.name.text }
        guard !able.isEmpty else { return .none(.modelNotFound) }
        let preferred = able.filter { !request.avoiding.contains($0.name) }
        return .some(preferred.isEmpty ? able : preferred)
    }

    /// At least one node, or the placement that says why not.
    enum Candidates {
        case some([Node])
        case none(Placement)
    }
}
