// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// Those who wait for the pool to come to a state: they are woken after the turn in which it does.
struct PoolWaits {
    /// How a wait stands, by the pool's state.
    enum Outcome: Hashable, Sendable {
        case pending
        case reached
        /// It will not come: why, in a sentence.
        case failed(String)
    }

    private struct Wait {
        let outcome: @Sendable (InstancePool) -> Outcome
        let deadline: MonotonicTime
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private var waits: [Wait] = []

    /// When the first of them will have waited for long enough.
    var nextDeadline: MonotonicTime? { waits.lazy.map(\.deadline).min() }

    /// Adds one that is told `pending` at `deadline` if nothing has come by then.
    mutating func add(
        until deadline: MonotonicTime, _ outcome: @escaping @Sendable (InstancePool) -> Outcome,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        waits.append(Wait(outcome: outcome, deadline: deadline, continuation: continuation))
    }

    /// Wakes those whose state has come, or will not come.
    mutating func look(at pool: InstancePool) {
        waits.removeAll { wait in
            let outcome = wait.outcome(pool)
            guard outcome != .pending else { return false }
            wait.continuation.resume(returning: outcome)
            return true
        }
    }

    /// Wakes those who have waited for long enough.
    mutating func giveUp(at now: MonotonicTime) {
        waits.removeAll { wait in
            guard wait.deadline <= now else { return false }
            wait.continuation.resume(returning: .pending)
            return true
        }
    }
}
