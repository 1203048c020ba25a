// SPDX-License-Identifier: Apache-2.0
/// A system call that waits in the kernel until the holder of its listener decides.
package struct InterceptedCall: Hashable, Sendable {
    /// The kernel's number for this wait.
    package let id: UInt64
    /// Kernel id of the calling thread; that of its process where it is the first one.
    package let thread: Int32
    package let number: Int32
    /// AUDIT_ARCH of the call.
    package let architecture: UInt32
    /// All six registers, whatever the call makes of them.
    package let arguments: [UInt64]

    /// A call as a listener hands it over.
    package init(id: UInt64, thread: Int32, number: Int32, architecture: UInt32, arguments: [UInt64]) {
        self.id = id
        self.thread = thread
        self.number = number
        self.architecture = architecture
        self.arguments = arguments
    }

    /// The call's name, or its number where the library knows none.
    package var name: String { SystemCallName.name(of: number, architecture: architecture) }

    /// Whether it is the one fork that a template may make, with exactly its flags.
    package var isFork: Bool {
        name == "clone" && SystemCallProfile.isFork(flags: arguments[0])
    }

    /// Whether it sends a signal to a thread of `process`.
    package func isSignal(to process: Int32) -> Bool {
        name == "tgkill" && arguments[0] == UInt64(bitPattern: Int64(process))
    }
}
