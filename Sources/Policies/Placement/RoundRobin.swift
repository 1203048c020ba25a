// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// Sends tasks to the nodes that have the model in turn: the baseline that knows nothing of load.
package struct RoundRobin: PlacementPolicy {
    package init() {}

    /// The node whose turn it is by the request's ordinal.
    package func decide(_ request: PlacementRequest, in index: PlacementIndex) -> PlacementDecision {
        let candidates = index.candidates(for: request.model)
        guard !candidates.isEmpty else { return index.decisionWithoutCandidates() }
        let preferred =
            request.avoiding.isEmpty ? candidates : candidates.filter { !request.avoiding.contains($0.node) }
        let usable = preferred.isEmpty ? candidates : preferred
        let chosen = usable[Int(request.ordinal % UInt64(usable.count))]
        return .place(Placement(node: chosen.node, reason: .turn))
    }
}
