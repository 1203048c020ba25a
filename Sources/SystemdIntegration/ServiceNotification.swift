// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// What a daemon tells the service manager that started it, in the manager's protocol: lines in one datagram to the
/// socket that NOTIFY_SOCKET names. Without a manager nothing is sent.
package enum ServiceNotification {
    private static let variable = "NOTIFY_SOCKET"

    /// The daemon serves from now on; `status` is what `systemctl status` shows.
    package static func ready(_ status: String) {
        send("READY=1\nSTATUS=\(oneLine(status))")
    }

    /// The daemon is ending by itself or by order.
    package static func stopping(_ status: String) {
        send("STOPPING=1\nSTATUS=\(oneLine(status))")
    }

    /// The daemon is as it should be; for `ServiceWatchdog`.
    package static func alive() {
        send("WATCHDOG=1")
    }

    /// A status of two lines would be read as two statements.
    private static func oneLine(_ status: String) -> String {
        String(status.map { $0.isNewline ? " " : $0 })
    }

    /// A manager that does not listen any more is nothing that a daemon could mend.
    private static func send(_ message: String) {
        // Abstract sockets, with `@` in front, are those of managers in other network namespaces.
        guard let path = getenv(variable).map({ String(cString: $0) }), path.hasPrefix("/"),
            let socket = try? UnixSocket.connect(to: path, kind: .datagram)
        else { return }
        try? Array(message.utf8).withUnsafeBytes { try socket.writeAll($0) }
    }
}
