// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel

/// Where the scheduler's decisions take the time from. The real one is `SystemClock`; tests and simulations move a manual
/// one.
package protocol SchedulerClock: Sendable {
    /// The present, for everything that is measured or waited for.
    var now: MonotonicTime { get }
    /// Seconds since 1970, for records that people read.
    var secondsSince1970: Double { get }
    /// Returns when `deadline` has come; fails when the task is cancelled before.
    func sleep(until deadline: MonotonicTime) async throws(CancellationError)
}

/// The machine's own clocks.
package struct SystemClock: SchedulerClock {
    package init() {}

    package var now: MonotonicTime { .now }
    package var secondsSince1970: Double { WallClock.now }

    /// Sleeps on the machine's clock that goes on while it is suspended.
    package func sleep(until deadline: MonotonicTime) async throws(CancellationError) {
        let now = MonotonicTime.now
        guard now < deadline else { return }
        do {
            try await ContinuousClock().sleep(for: .nanoseconds(deadline.nanoseconds - now.nanoseconds))
        } catch {
            throw CancellationError()
        }
    }
}

extension MonotonicTime {
    /// This long after; the past where `duration` is negative, but never before the machine's start.
    func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        let change = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        if change < 0 { return MonotonicTime(nanoseconds: nanoseconds - min(nanoseconds, UInt64(-change))) }
        return MonotonicTime(nanoseconds: nanoseconds + UInt64(change))
    }

    /// From this point to `later`; negative where that is earlier.
    func duration(to later: MonotonicTime) -> Duration {
        .nanoseconds(Int64(later.nanoseconds) - Int64(nanoseconds))
    }
}
