// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel

/// A test in a service manager's place: what is sent to NOTIFY_SOCKET arrives here.
package final class ListeningManager {
    private let scratch: ScratchDirectory
    private let socket: OwnedDescriptor
    /// For NOTIFY_SOCKET.
    package let path: String

    /// Longer than any of the project's daemons takes to say something; beyond it the test fails.
    private static let seconds = 60

    /// Listens in a directory of its own.
    package init() throws {
        scratch = try ScratchDirectory()
        path = scratch.path + "/notify"
        socket = OwnedDescriptor(
            owning: try systemCall("socket") { Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let number = socket.rawValue
        try systemCall("bind", path) {
            withUnsafeBytes(of: &address) {
                bind(number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
        }
        var patience = timeval(tv_sec: Self.seconds, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next datagram; throws where none comes.
    package func next() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = try systemCall("recv", path) { recv(socket.rawValue, &bytes, bytes.count, 0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Reads up to the first datagram of which `condition` is true.
    package func skip(to condition: (String) -> Bool) throws -> String {
        while true {
            let words = try next()
            if condition(words) { return words }
        }
    }
}
