// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
internal import Synchronization

/// A listening stream socket that waits for its server: bound at a path here, or handed over by a service manager.
package final class UnixHTTPListener: Sendable {
    /// For messages, and to remove the file at the end where it was made here.
    package let path: String
    /// There is a file that was made here and not removed yet.
    private let hasFile: Mutex<Bool>
    private let descriptor: Mutex<OwnedDescriptor?>

    private init(path: String, isOwner: Bool, descriptor: consuming OwnedDescriptor) {
        self.path = path
        hasFile = Mutex(isOwner)
        self.descriptor = Mutex(descriptor)
    }

    /// Binds at `path` with file mode `mode`; clients may connect from now on and wait until the server runs.
    /// A path on which some process answers is an error (EADDRINUSE).
    package static func bind(path: String, mode: UInt32) throws(SystemCallError) -> UnixHTTPListener {
        let socket = try UnixSocket.listen(at: path, kind: .stream, mode: mode)
        return UnixHTTPListener(path: path, isOwner: true, descriptor: socket)
    }

    /// Takes over a socket that already listens; its file stays when the server ends.
    package static func activated(path: String, descriptor: consuming OwnedDescriptor) -> UnixHTTPListener {
        UnixHTTPListener(path: path, isOwner: false, descriptor: descriptor)
    }

    /// The socket, for the one server that accepts on it; nil the second time.
    func take() -> OwnedDescriptor? {
        descriptor.withLock { slot in slot.take() }
    }

    /// Must come before the socket is closed: a successor binds the path as soon as nobody answers on it, and its file
    /// must not be the one that is removed.
    /// Only the first call counts, for the same reason.
    func removeFile() {
        let isFirst = hasFile.withLock { hasFile in
            defer { hasFile = false }
            return hasFile
        }
        if isFirst { unlink(path) }
    }
}
