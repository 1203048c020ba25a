// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
internal import Synchronization

/// A clock that stands until a test moves it. Whoever sleeps on it is woken when it has been moved far enough.
package final class ManualClock: Sendable {
    private struct Sleeper {
        let deadline: MonotonicTime
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
        var sleepers: [Int: Sleeper] = [:]
        var nextSleeper = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var now: MonotonicTime { state.withLock { $0.now } }
    /// Tasks that sleep on it.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the clock and wakes all whose time has come.
    package func advance(by duration: Duration) {
        let nanoseconds = UInt64(duration / .nanoseconds(1))
        let woken = state.withLock { state in
            state.now = MonotonicTime(nanoseconds: state.now.nanoseconds + nanoseconds)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Returns when the clock has been moved to `deadline`; fails when the task is cancelled before.
    package func sleep(until deadline: MonotonicTime) async throws(CancellationError) {
        let number = state.withLock { state in
            defer { state.nextSleeper += 1 }
            return state.nextSleeper
        }
        do {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let isOver = state.withLock { state in
                        if Task.isCancelled || deadline <= state.now { return true }
                        state.sleepers[number] = Sleeper(deadline: deadline, continuation: continuation)
                        return false
                    }
                    if isOver { continuation.resume() }
                }
            } onCancel: {
                let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
                sleeper?.continuation.resume(throwing: CancellationError())
            }
            try Task.checkCancellation()
        } catch {
            throw CancellationError()
        }
    }
}
