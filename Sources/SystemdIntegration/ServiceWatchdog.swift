// SPDX-License-Identifier: Apache-2.0
internal import CSystemd

/// The service manager's watchdog: a service that has not said for so long that it is alive is ended and started again.
package struct ServiceWatchdog: Sendable {
    /// Microseconds between two calls of `ServiceNotification.alive()`: a third of what the manager waits. To be made by
    /// the very loop whose life they prove.
    package let interval: Int

    /// Nil where no manager watches this very process (sd_watchdog_enabled(3)): a child inherits the variables, which are
    /// its parent's.
    package init?() {
        var allowed: UInt64 = 0
        guard sd_watchdog_enabled(0, &allowed) > 0 else { return nil }
        interval = max(1000, Int(clamping: allowed / 3))
    }
}
