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

/// A pipe whose ends close with their last owner.
struct Pipe {
    let reader: SharedDescriptor
    /// For the child; nil when it was closed here.
    private(set) var writer: SharedDescriptor?

    init() throws(SystemCallError) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe") { pipe(&ends) }
        // Children get the descriptors that they are meant to get and no other, so setting this late harms nobody.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reader = SharedDescriptor(OwnedDescriptor(owning: ends[0]))
        writer = SharedDescriptor(OwnedDescriptor(owning: ends[1]))
    }

    /// Must follow the child's start: the reader sees the end only when no writer is left.
    mutating func closeWriter() {
        writer = nil
    }
}
