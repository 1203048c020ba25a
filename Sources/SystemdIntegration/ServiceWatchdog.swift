// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// The service manager's watchdog: a service that has not said for so long that it is alive is ended and started again.
package struct ServiceWatchdog: Sendable {
    /// Microseconds between two signs of life: a third of what the manager waits.
    package let interval: Int
    private var last = MonotonicTime.now

    /// Nil where no manager watches this very process.
    package init?() {
        guard let allowed = Self.number("WATCHDOG_USEC"), allowed > 0 else { return nil }
        // A child inherits the variables, which are its parent's.
        if let process = Self.number("WATCHDOG_PID"), process != Int(getpid()) { return nil }
        interval = max(1000, allowed / 3)
    }

    /// Milliseconds until the next sign is due.
    package var waitingTime: Int {
        max(0, interval - MonotonicTime.now.microseconds(since: last)) / 1000 + 1
    }

    /// Gives the sign where it is due, and says whether it was. To be called by the very loop whose life it proves.
    @discardableResult
    package mutating func signalIfDue() -> Bool {
        guard MonotonicTime.now.microseconds(since: last) >= interval else { return false }
        last = .now
        ServiceNotification.alive()
        return true
    }

    private static func number(_ variable: String) -> Int? {
        getenv(variable).flatMap { Int(String(cString: $0)) }
    }
}
