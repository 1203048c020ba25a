// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Points in time that only ever grow, shared by all processes of one host.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Since the machine booted.
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// CLOCK_MONOTONIC now.
    package static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Whole microseconds since `earlier`; 0 where that is in the future.
    package func microseconds(since earlier: MonotonicTime) -> Int {
        nanoseconds > earlier.nanoseconds ? Int((nanoseconds - earlier.nanoseconds) / 1000) : 0
    }

    /// So much later.
    package func adding(milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds + UInt64(milliseconds) * 1_000_000)
    }

    /// Milliseconds from now until it has come, for calls that wait: rounded up, 0 where it is over, at most a day.
    package var millisecondsAhead: Int {
        let now = Self.now.nanoseconds
        guard nanoseconds > now else { return 0 }
        return Int(min((nanoseconds - now + 999_999) / 1_000_000, 86_400_000))
    }

    /// Whether the first point comes before the second.
    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
