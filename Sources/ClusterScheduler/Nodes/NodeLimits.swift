// SPDX-License-Identifier: Apache-2.0

/// The bounds that connections to nodes are kept within.
package struct NodeLimits: Hashable, Sendable {
    /// How long a node may be away before its tasks are placed elsewhere.
    package var grace: Duration
    /// The longest pause between two tries of a node that does not answer.
    package var longestRetry: Duration

    package init(grace: Duration, longestRetry: Duration) {
        self.grace = grace
        self.longestRetry = longestRetry
    }
}
