// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import NIOPosix

/// A Unix socket with bytes on it, without HTTP's manners.
final class RawConnection: Sendable {
    private let descriptor: SharedDescriptor

    init(to path: String, sending text: String) throws {
        descriptor = SharedDescriptor(try UnixSocket.connect(to: path, kind: .stream))
        try send(text)
    }

    /// The next connection that a client makes to a listening socket.
    init(acceptedOn listener: SharedDescriptor) async throws {
        descriptor = try await NIOThreadPool.singleton.runIfActive {
            guard let accepted = try UnixSocket.accept(on: listener.rawValue) else {
                throw SystemCallError("accept4", code: EAGAIN)
            }
            return SharedDescriptor(accepted)
        }
    }

    func send(_ text: String) throws {
        let copy = try descriptor.duplicate()
        try Array(text.utf8).withUnsafeBytes { try copy.writeAll($0) }
    }

    /// Closes both directions, as the end of the process would.
    func hangUp() {
        shutdown(descriptor.rawValue, CInt(SHUT_RDWR))
    }

    /// Waits until the peer has sent something.
    func receiveSome() async throws -> String {
        try await NIOThreadPool.singleton.runIfActive { [descriptor] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = max(0, read(descriptor.rawValue, &buffer, buffer.count))
            return String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    /// What the peer sends until it closes. Waits on a thread of its own: a server under test needs the others.
    func readToEnd() async throws -> String {
        try await NIOThreadPool.singleton.runIfActive { [descriptor] in
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor.rawValue, &buffer, buffer.count)
                guard count > 0 else { break }
                bytes += buffer.prefix(count)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
