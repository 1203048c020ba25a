// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// The search for a node that takes a job's next task: where not to go, how long to wait, when to give up.
struct PlaceSearch: Sendable {
    private static let firstDelay = Duration.milliseconds(50)
    private static let longestDelay = Duration.seconds(1)

    /// Nodes that refused or failed this job just now.
    private(set) var avoiding: Set<NodeName> = []
    private var began: MonotonicTime?
    private var delay = Self.firstDelay

    /// A node refused or failed. Whether another one was not asked yet is for the policy to say: false where this node
    /// had been avoided already, so that all have been asked.
    mutating func avoid(_ node: NodeName) -> Bool {
        avoiding.insert(node).inserted
    }

    /// The wait before the next look; nil where the search has lasted for `bound`.
    mutating func nextDelay(within bound: Duration, now: MonotonicTime) -> Duration? {
        let began = began ?? now
        self.began = began
        let rest = bound - began.duration(to: now)
        guard rest > .zero else { return nil }
        return min(pause(), rest)
    }

    /// The wait before the next look after a loss; grows while nothing comes. After it every node may be asked again.
    mutating func pause() -> Duration {
        defer { delay = min(delay * 2, Self.longestDelay) }
        avoiding = []
        return delay
    }

    /// A node took the task.
    mutating func found() {
        began = nil
    }

    /// The answer goes on: what failed before no longer counts.
    mutating func forgive() {
        avoiding = []
        delay = Self.firstDelay
    }
}
