// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// Those who wait for the node to come to a state: they are woken after the turn in which it does.
struct NodeWaits {
    /// How a wait stands, by the node's state.
    enum Outcome: Hashable, Sendable {
        case pending
        case reached
        /// It will not come: why, in a sentence.
        case failed(String)
    }

    /// How a wait stands in a state of the node.
    typealias Condition = @Sendable (NodeMachine) -> Outcome

    private struct Wait {
        let condition: Condition
        let deadline: MonotonicTime?
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private var waits: [Wait] = []

    /// When the first of them will have waited for long enough.
    var nextDeadline: MonotonicTime? { waits.lazy.compactMap(\.deadline).min() }

    /// Adds one that gets `pending` at `deadline` if nothing has come by then; nil: it waits as long as the node goes on.
    mutating func add(
        until deadline: MonotonicTime?, _ condition: @escaping Condition,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        waits.append(Wait(condition: condition, deadline: deadline, continuation: continuation))
    }

    /// Wakes those whose state has come, or will not come, and those who have waited for long enough.
    mutating func wake(_ node: NodeMachine, now: MonotonicTime) {
        guard !waits.isEmpty else { return }
        waits.removeAll { wait in
            let outcome = wait.condition(node)
            guard outcome != .pending || wait.deadline.map({ $0 <= now }) == true else { return false }
            wait.continuation.resume(returning: outcome)
            return true
        }
    }

    /// The node takes no further turn: nobody waits any longer.
    mutating func end() {
        for wait in waits { wait.continuation.resume(returning: .pending) }
        waits = []
    }
}
