// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// How a process ended.
package enum ExitStatus: Hashable, Sendable, Codable, CustomStringConvertible {
    case exited(code: Int32)
    case signalled(signal: Int32)

    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }

    /// Ended by itself with status 0.
    package var isSuccess: Bool { self == .exited(code: 0) }

    init?(code: CInt, status: CInt) {
        switch code {
        case CInt(CLD_EXITED): self = .exited(code: status)
        case CInt(CLD_KILLED), CInt(CLD_DUMPED): self = .signalled(signal: status)
        default: return nil
        }
    }
}

/// A child process by pidfd: never mistaken for another that got its number.
package struct ProcessHandle: ~Copyable, Sendable {
    package let processID: Int32
    /// Readable when the process has ended.
    package let descriptor: OwnedDescriptor

    /// Opens the handle of a child that has not been reaped. The caller must have made sure that it is its own child
    /// (see `isUnreapedChild`).
    package init(ofChild processID: Int32) throws(SystemCallError) {
        let number = try systemCall("pidfd_open", "\(processID)") { clinux_pidfd_open(processID) }
        self.processID = processID
        self.descriptor = OwnedDescriptor(owning: number)
    }

    /// Whether `processID` is a child of the caller, alive or dead and not reaped: only then is its number its own.
    package static func isUnreapedChild(_ processID: Int32) -> Bool {
        guard processID > 1 else { return false }
        var found: pid_t = 0
        var code: CInt = 0
        var status: CInt = 0
        return clinux_waitid_pid(processID, WEXITED | WNOHANG | WNOWAIT, &found, &code, &status) == 0
    }

    /// Children of the calling thread that were not reaped, dead ones included; empty where the kernel does not tell.
    package static func children() -> [Int32] {
        (KernelFile.text(of: "/proc/thread-self/children") ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    /// Whether a thread belongs to a process now.
    package static func hasThread(_ process: Int32, _ thread: Int32) -> Bool {
        thread == process || clinux_tgkill(process, thread, 0) == 0
    }

    /// Reaps a child by its number if it has ended; nil while it lives. The number must be the child's own, see
    /// `isUnreapedChild`.
    package static func reapChild(_ processID: Int32) -> ExitStatus? {
        var found: pid_t = 0
        var code: CInt = 0
        var status: CInt = 0
        guard clinux_waitid_pid(processID, WEXITED | WNOHANG, &found, &code, &status) == 0, found != 0 else {
            return nil
        }
        return ExitStatus(code: code, status: status)
    }

    /// Gives up the process for the bare descriptor.
    package consuming func takeDescriptor() -> OwnedDescriptor {
        descriptor
    }

    /// Sends `signal`; a process that has ended already is no error.
    package func send(signal: CInt) throws(SystemCallError) {
        do {
            try systemCall("pidfd_send_signal", "\(processID)") {
                clinux_pidfd_send_signal(descriptor.rawValue, signal)
            }
        } catch {
            if error.code != ESRCH { throw error }
        }
    }

    /// Reaps the child if it has ended; nil while it lives. `waits` blocks until then.
    package func reap(waits: Bool = false) throws(SystemCallError) -> ExitStatus? {
        var found: pid_t = 0
        var code: CInt = 0
        var status: CInt = 0
        try systemCall("waitid", "\(processID)") {
            clinux_waitid_pidfd(descriptor.rawValue, WEXITED | (waits ? 0 : WNOHANG), &found, &code, &status)
        }
        return found == 0 ? nil : ExitStatus(code: code, status: status)
    }
}
