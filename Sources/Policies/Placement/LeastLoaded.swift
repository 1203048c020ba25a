// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// Sends a task where the least work is left.
///
/// Among the nodes that have the model, and of those first among the ones that the job does not avoid:
/// 1. fewest tokens of work, each task counted with `tokensPerTask` on top, since a task costs something even when its
///    estimate is small;
/// 2. a warm instance of the model before none;
/// 3. the name, so that equal indices give equal answers.
package struct LeastLoaded: PlacementPolicy {
    /// What a task weighs besides its tokens.
    package static let tokensPerTask = 32

    package init() {}

    /// The node with the least work of those that have the model; equal ones in order of their names.
    package func decide(_ request: PlacementRequest, in index: PlacementIndex) -> PlacementDecision {
        let candidates = index.candidates(for: request.model)
        var best: Choice?
        var bestAvoided: Choice?
        for position in candidates.indices {
            let choice = Choice(
                position: position, load: Self.weight(of: index.load(of: candidates[position])),
                isWarm: candidates[position].isWarm)
            // The set is empty for nearly every request: nothing is hashed then.
            if !request.avoiding.isEmpty, request.avoiding.contains(candidates[position].node) {
                if bestAvoided.map(choice.isBetter) ?? true { bestAvoided = choice }
            } else if best.map(choice.isBetter) ?? true {
                best = choice
            }
        }
        guard let chosen = best ?? bestAvoided else { return index.decisionWithoutCandidates() }
        return .place(Placement(node: candidates[chosen.position].node, reason: .leastWork))
    }

    /// Candidates come by name, so that the first of equals is the one to take.
    private struct Choice {
        var position: Int
        var load: Int
        var isWarm: Bool

        func isBetter(than other: Choice) -> Bool {
            load != other.load ? load < other.load : isWarm && !other.isWarm
        }
    }

    private static func weight(of load: PlacementIndex.Load) -> Int {
        let overhead = load.tasks.multipliedReportingOverflow(by: tokensPerTask)
        guard !overhead.overflow else { return Int.max }
        let sum = load.tokens.addingReportingOverflow(overhead.partialValue)
        return sum.overflow ? Int.max : sum.partialValue
    }
}
