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

    /// A connection that is made at once or not at all (EAGAIN).
    static func connectWithoutWaiting(to path: String) throws -> SharedDescriptor {
        let number = try systemCall("socket") {
            socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        }
        let descriptor = SharedDescriptor(OwnedDescriptor(owning: number))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try systemCall("connect", path) {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        return descriptor
    }

    func send(_ text: String) throws {
        let copy = try descriptor.duplicate()
        try Array(text.utf8).withUnsafeBytes { try copy.writeAll($0) }
    }

    /// Sends nothing more, and goes on reading.
    func endSending() {
        shutdown(descriptor.rawValue, CInt(SHUT_WR))
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

    /// What the peer sends until `text` is in it, or it closes.
    func receive(until text: String) async throws -> String {
        var received = ""
        while !received.contains(text) {
            let more = try await receiveSome()
            guard !more.isEmpty else { break }
            received += more
        }
        return received
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
