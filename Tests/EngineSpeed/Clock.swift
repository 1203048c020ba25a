// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The clocks that work is measured with.
enum Clock {
    case monotonic
    /// Of all threads of this process.
    case processor

    var seconds: Double {
        var time = timespec()
        clock_gettime(self == .monotonic ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
