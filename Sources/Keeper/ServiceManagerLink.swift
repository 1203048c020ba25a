// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// What the keeper tells the service manager that started it: datagrams of a few words to the socket that NOTIFY_SOCKET
/// names. Without a manager nothing is sent.
///
/// Scheduler and node use libsystemd for that. The keeper does not: it is the parent of every process that may have been
/// taken over and holds what outlives the daemons, so it links as little as it can, and libsystemd brings in libraries of
/// compression and cryptography for readers of journals that it is not.
struct ServiceManagerLink {
    /// Nil where no manager watches this very process.
    private let watchdogInterval: Int?
    private var lastSign = MonotonicTime.now

    /// Reads what the manager left in the environment.
    init() {
        let allowed = Self.number("WATCHDOG_USEC") ?? 0
        // A child inherits the variables, which are its parent's.
        let isOurs = Self.number("WATCHDOG_PID").map { $0 == Int(getpid()) } ?? true
        watchdogInterval = allowed > 0 && isOurs ? max(1000, allowed / 3) : nil
    }

    /// Milliseconds until the manager's watchdog wants the next sign of life; nil where there is none.
    var waitingTime: Int? {
        watchdogInterval.map { max(0, $0 - MonotonicTime.now.microseconds(since: lastSign)) / 1000 + 1 }
    }

    /// Gives the watchdog its sign where that is due. To be called by the loop whose life it proves.
    mutating func signalIfDue() {
        guard let watchdogInterval, MonotonicTime.now.microseconds(since: lastSign) >= watchdogInterval else { return }
        lastSign = .now
        tell("WATCHDOG=1")
    }

    /// Tells the manager, as sd_notify(3) says what. One that does not listen any more is nothing that a keeper could mend.
    func tell(_ message: String) {
        // Abstract sockets, with `@` in front, are those of managers in other network namespaces.
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), path.hasPrefix("/"),
            let socket = try? UnixSocket.connect(to: path, kind: .datagram)
        else { return }
        try? Array(message.utf8).withUnsafeBytes { try socket.writeAll($0) }
    }

    private static func number(_ variable: String) -> Int? {
        getenv(variable).flatMap { Int(String(cString: $0)) }
    }
}
