// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// How the recent starts of a model's processes went: failures make the next start wait longer, success forgets them.
struct StartHealth {
    /// After this many failures in a row the waiting tasks are told.
    static let patience = 3
    private static let firstPauseMilliseconds: UInt64 = 100
    private static let longestPauseMilliseconds: UInt64 = 10_000

    private(set) var failures = 0
    /// No start before this.
    private(set) var notBefore = MonotonicTime(nanoseconds: 0)

    var isOutOfPatience: Bool { failures >= Self.patience }

    mutating func noteFailure(at now: MonotonicTime) {
        let doublings = UInt64(min(failures, 10))
        failures += 1
        let pause = min(Self.firstPauseMilliseconds << doublings, Self.longestPauseMilliseconds)
        notBefore = MonotonicTime(nanoseconds: now.nanoseconds + pause * 1_000_000)
    }

    mutating func noteSuccess() {
        self = StartHealth()
    }
}
