// SPDX-License-Identifier: Apache-2.0
internal import Policies
internal import ServingModel
internal import Synchronization

/// The one placement index of a scheduler: nodes' connections write what they hear, placements read.
final class ClusterIndex: Sendable {
    private let index = Mutex(PlacementIndex())

    /// Changes the index; the body must be short, since placements wait for it.
    func update(_ change: (inout PlacementIndex) -> Void) {
        index.withLock { change(&$0) }
    }

    /// Reads the index as it is at one moment.
    func read<Value: Sendable>(_ body: (PlacementIndex) -> Value) -> Value {
        index.withLock { body($0) }
    }
}
