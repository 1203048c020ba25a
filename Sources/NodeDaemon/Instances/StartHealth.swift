// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// How the recent starts of a model's processes went: failures make the next start wait longer, success forgets them.
///
/// It is also the model's circuit breaker. Closed up to `patience` failures in a row; then open, which refuses new tasks
/// at once, until the pause is over; then half open: one start is tried, and either closes it or opens it for longer.
struct StartHealth {
    /// After this many failures in a row the waiting tasks are told.
    static let patience = 3
    private static let firstPauseMilliseconds: UInt64 = 100
    private static let longestPauseMilliseconds: UInt64 = 30_000

    private(set) var failures = 0
    /// What the last failed start said.
    private(set) var lastFailure = ""
    /// No start before this.
    private(set) var notBefore = MonotonicTime(nanoseconds: 0)

    var isOutOfPatience: Bool { failures >= Self.patience }

    /// Whether no start will be tried for tasks that come now.
    func isOpen(at now: MonotonicTime) -> Bool { isOutOfPatience && now < notBefore }

    mutating func noteFailure(_ message: String, at now: MonotonicTime) {
        lastFailure = message
        let doublings = UInt64(min(failures, 10))
        failures += 1
        let pause = min(Self.firstPauseMilliseconds << doublings, Self.longestPauseMilliseconds)
        notBefore = MonotonicTime(nanoseconds: now.nanoseconds + pause * 1_000_000)
    }

    mutating func noteSuccess() {
        self = StartHealth()
    }
}
