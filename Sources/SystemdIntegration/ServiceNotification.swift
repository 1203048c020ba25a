// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import LinuxKernel

/// What a daemon tells the service manager that started it (sd_notify(3)). Without a manager nothing is sent, and one
/// that does not listen any more is nothing that a daemon could mend: no call here fails or waits for an answer.
package enum ServiceNotification {
    /// The daemon serves from now on, after its start or after a reload; `status` is what `systemctl status` shows.
    package static func ready(_ status: String) {
        send(["READY=1", line(status)])
    }

    /// What the daemon does now, without a change of its state.
    package static func status(_ status: String) {
        send([line(status)])
    }

    /// The daemon reads its configuration again; `ready` ends it. The time is what Type=notify-reload asks for.
    package static func reloading(_ status: String) {
        send(["RELOADING=1", "MONOTONIC_USEC=\(MonotonicTime.now.nanoseconds / 1000)", line(status)])
    }

    /// The daemon is ending by itself or by order.
    package static func stopping(_ status: String) {
        send(["STOPPING=1", line(status)])
    }

    /// The start, the reload or the stop that is going on may take `seconds` more, counted from now, whatever the unit
    /// allows: for a wait whose bound is known. What takes longer is ended by the manager all the same.
    package static func extendTimeout(bySeconds seconds: Int) {
        send(["EXTEND_TIMEOUT_USEC=\(UInt64(max(1, seconds)) * 1_000_000)"])
    }

    /// The daemon is as it should be, see `ServiceWatchdog`.
    package static func alive() {
        send(["WATCHDOG=1"])
    }

    private static func line(_ status: String) -> String {
        // A status of two lines would be read as two statements.
        "STATUS=" + String(status.map { $0.isNewline ? " " : $0 })
    }

    private static func send(_ assignments: [String]) {
        _ = sd_notify(0, assignments.joined(separator: "\n"))
    }
}
