// SPDX-License-Identifier: Apache-2.0

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
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private var waits: [Int: Wait] = [:]
    private var last = 0

    /// Adds one; the number is for `giveUp`.
    mutating func add(
        _ outcome: @escaping @Sendable (InstancePool) -> Outcome, _ continuation: CheckedContinuation<Outcome, Never>
    ) -> Int {
        last += 1
        waits[last] = Wait(outcome: outcome, continuation: continuation)
        return last
    }

    /// Wakes those whose state has come, or will not come.
    mutating func look(at pool: InstancePool) {
        for (number, wait) in waits {
            let outcome = wait.outcome(pool)
            guard outcome != .pending else { continue }
            waits[number] = nil
            wait.continuation.resume(returning: outcome)
        }
    }

    /// One has waited for long enough.
    mutating func giveUp(_ number: Int) {
        waits.removeValue(forKey: number)?.continuation.resume(returning: .pending)
    }
}
