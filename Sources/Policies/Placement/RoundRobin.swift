// SPDX-License-Identifier: Apache-2.0

/// Sends tasks to the nodes that have the model in turn: the baseline that knows nothing of load.
package struct RoundRobin: PlacementPolicy {
    package init() {}

    /// The node after the last chosen one of those that have the model.
    package func place(_ request: PlacementRequest, given snapshot: ClusterSnapshot) -> Placement {
        switch snapshot.candidates(for: request) {
        case .none(let reason): return reason
        case .some(let nodes): return .node(nodes[Int(request.ordinal % UInt64(nodes.count))].name)
        }
    }
}
