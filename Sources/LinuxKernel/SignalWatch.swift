// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// Signals as readable events, for single-threaded programs: nothing ever runs inside a handler.
package struct SignalWatch: ~Copyable, Sendable {
    /// Readable when one of the signals has come.
    package let descriptor: OwnedDescriptor

    /// Blocks `signals` in the calling thread and collects them.
    package init(_ signals: [CInt]) throws(SystemCallError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        sigprocmask(SIG_BLOCK, &set, nil)
        descriptor = OwnedDescriptor(owning: try systemCall("signalfd") { clinux_signalfd(&set) })
    }

    /// The next signal that came; nil when there is none.
    package func take() -> CInt? {
        // struct signalfd_siginfo is 128 bytes and begins with the number.
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { buffer in
            guard read(descriptor.rawValue, buffer.baseAddress, 128) == 128 else { return nil }
            return CInt(buffer.load(as: UInt32.self))
        }
    }
}
