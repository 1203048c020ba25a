// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// A child that several owners may signal or wait for.
final class ChildProcess: Sendable {
    private let handle: ProcessHandle

    init(_ handle: consuming ProcessHandle) {
        self.handle = handle
    }

    /// SIGKILL; one that has ended already is no error.
    func kill() {
        try? handle.send(signal: SIGKILL)
    }

    /// Blocks until it has ended, and reaps it.
    func waitForEnd() throws(SystemCallError) -> ExitStatus {
        guard let status = try handle.reap(waits: true) else {
            throw SystemCallError("waitid", "\(handle.processID)", code: ECHILD)
        }
        return status
    }
}
