// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// Sends a task where the least work is left.
///
/// Among the nodes that have the model:
/// 1. fewest tokens of work, each task counted with `tokensPerTask` on top, since a task costs something even when its
///    estimate is small;
/// 2. a warm instance of the model before none;
/// 3. the name, so that equal snapshots give equal answers.
package struct LeastLoaded: PlacementPolicy {
    /// What a task weighs besides its tokens.
    package static let tokensPerTask = 32

    package init() {}

    /// The node with the least work of those that have the model; equal ones in order of their names.
    package func place(_ request: PlacementRequest, given snapshot: ClusterSnapshot) -> Placement {
        switch snapshot.candidates(for: request) {
        case .none(let reason): return reason
        case .some(let nodes):
            let best = nodes.min { left, right in
                if left.load != right.load { return left.load < right.load }
                let isLeftWarm = left.warmModels.contains(request.model)
                let isRightWarm = right.warmModels.contains(request.model)
                if isLeftWarm != isRightWarm { return isLeftWarm }
                return left.name.text < right.name.text
            }
            return best.map { .node($0.name) } ?? .noNode
        }
    }
}

extension ClusterSnapshot.Node {
    fileprivate var load: Int {
        let overhead = tasks.multipliedReportingOverflow(by: LeastLoaded.tokensPerTask)
        guard !overhead.overflow else { return Int.max }
        let sum = tokensOfWork.addingReportingOverflow(overhead.partialValue)
        return sum.overflow ? Int.max : sum.partialValue
    }
}
