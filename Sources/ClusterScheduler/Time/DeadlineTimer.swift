// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Synchronization

/// What is told when a deadline that it set has come.
protocol DeadlineTarget: AnyObject, Sendable {
    /// Called without locks of the timer; may set the next deadline.
    func deadlineReached(now: MonotonicTime)
}

/// One sleeper for the deadlines of all jobs and readers: nothing wakes up while there are none.
final class DeadlineTimer: Sendable {
    private struct Entry {
        let target: any DeadlineTarget
        var deadline: MonotonicTime
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        /// What the sleeper sleeps for; nil while it waits for the first deadline.
        var earliest: MonotonicTime?
    }

    let clock: any SchedulerClock
    private let state = Mutex(State())
    /// A word whenever a deadline was set that comes before the one that is slept for.
    private let earlier = BoundedChannel<Void>(limit: 1)

    init(clock: any SchedulerClock) {
        self.clock = clock
    }

    /// Sets the one deadline of `target`, in place of the one before; nil sets none. Holds `target` until then.
    func set(_ deadline: MonotonicTime?, for target: any DeadlineTarget) {
        let key = ObjectIdentifier(target)
        let comesFirst = state.withLock { state in
            guard let deadline else {
                state.entries[key] = nil
                return false
            }
            state.entries[key] = Entry(target: target, deadline: deadline)
            guard state.earliest.map({ deadline < $0 }) ?? true else { return false }
            state.earliest = deadline
            return true
        }
        if comesFirst { earlier.send(()) }
    }

    /// The next deadline; nil where there is none.
    var nextDeadline: MonotonicTime? { state.withLock { $0.entries.values.map(\.deadline).min() } }

    /// Tells all whose deadline has come by `now`.
    func fire(now: MonotonicTime) {
        let due = state.withLock { state in
            let due = state.entries.filter { $0.value.deadline <= now }
            for key in due.keys { state.entries[key] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for entry in due { entry.target.deadlineReached(now: now) }
    }

    /// Fires deadlines as they come, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let next = state.withLock { state in
                state.earliest = state.entries.values.map(\.deadline).min()
                return state.earliest
            }
            do {
                if let next {
                    _ = try await earlier.receive(until: next, on: clock)
                } else {
                    _ = try await earlier.receive()
                }
            } catch {
                return
            }
            fire(now: clock.now)
        }
    }
}
