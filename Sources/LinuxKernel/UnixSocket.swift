// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// Listening on, connecting to and looking behind Unix sockets with a path.
package enum UnixSocket {
    /// The kinds that the project uses.
    package enum Kind: Sendable {
        /// Bytes: HTTP.
        case stream
        /// Packets: frames.
        case packet
        /// Packets without a connection: words to a service manager.
        case datagram

        var type: CInt {
            switch self {
            case .stream: CInt(SOCK_STREAM.rawValue)
            case .packet: CInt(SOCK_SEQPACKET.rawValue)
            case .datagram: CInt(SOCK_DGRAM.rawValue)
            }
        }
    }

    /// The kernel's limit on a path, without its final zero.
    package static let maximumPathLength = 107

    /// Connections that may wait to be accepted: clients queue here during a burst or a restart.
    package static let backlog: CInt = 1024

    /// Binds and listens at `path` with file mode `mode`. A socket file that nobody answers on is removed first;
    /// one that is alive is an error (EADDRINUSE).
    package static func listen(
        at path: String, kind: Kind, mode: UInt32
    ) throws(SystemCallError) -> OwnedDescriptor {
        let socket = try makeSocket(kind)
        var address = try socketAddress(path)
        if access(path, F_OK) == 0 {
            guard !isAnswering(path, kind: kind) else { throw SystemCallError("bind", path, code: EADDRINUSE) }
            unlink(path)
        }
        // The file is born with the socket's own mode less the process's mask, never with more than was asked for; a
        // change of the mask would be one for all threads.
        try systemCall("fchmod", path) { fchmod(socket.rawValue, mode) }
        try systemCall("bind", path) { withSocketAddress(&address) { bind(socket.rawValue, $0, $1) } }
        try systemCall("chmod", path) { chmod(path, mode) }
        try systemCall("listen", path) { Glibc.listen(socket.rawValue, Self.backlog) }
        return socket
    }

    /// Connects to the socket at `path`. Where its queue of connections is full this waits for a place in it, or throws
    /// EAGAIN where it may not wait; the socket does not block then either.
    package static func connect(
        to path: String, kind: Kind, waits: Bool = true
    ) throws(SystemCallError) -> OwnedDescriptor {
        let socket = try makeSocket(kind)
        if !waits { try socket.setNonBlocking(true) }
        var address = try socketAddress(path)
        try systemCall("connect", path) { withSocketAddress(&address) { Glibc.connect(socket.rawValue, $0, $1) } }
        return socket
    }

    /// Accepts one connection; nil where none is waiting (on a non-blocking listener).
    package static func accept(on listener: CInt) throws(SystemCallError) -> OwnedDescriptor? {
        let number = try nonBlockingCall("accept4") { clinux_accept4(listener, CLINUX_SOCK_CLOEXEC) }
        guard let number else { return nil }
        return OwnedDescriptor(owning: number)
    }

    /// Whether some process listens at `path`.
    package static func isAnswering(_ path: String, kind: Kind) -> Bool {
        (try? connect(to: path, kind: kind)) != nil
    }

    private static func makeSocket(_ kind: Kind) throws(SystemCallError) -> OwnedDescriptor {
        let number = try systemCall("socket") { socket(AF_UNIX, kind.type | CLINUX_SOCK_CLOEXEC, 0) }
        return OwnedDescriptor(owning: number)
    }

    private static func socketAddress(_ path: String) throws(SystemCallError) -> sockaddr_un {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= maximumPathLength, !bytes.contains(0) else {
            throw SystemCallError("bind", "'\(path)' (a socket's path has 1 to 107 bytes)", code: ENAMETOOLONG)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafeBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }
}

/// The process at the other end, as the kernel recorded it when it connected.
package struct PeerIdentity: Hashable, Sendable {
    package let userID: UInt32
    package let groupID: UInt32
    package let supplementaryGroupIDs: [UInt32]
    /// 0 where the peer lives in another pid namespace.
    package let processID: Int32

    /// Asks for SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket.
    package init(of socket: CInt) throws(SystemCallError) {
        var process: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
        try systemCall("getsockopt", "SO_PEERCRED") { clinux_peer_credentials(socket, &process, &user, &group) }
        // NGROUPS_MAX is 65,536; nearly every process has fewer than 64.
        var groups = [gid_t](repeating: 0, count: 64)
        var count = CInt(groups.count)
        if clinux_peer_groups(socket, &groups, &count) != 0 {
            groups = [gid_t](repeating: 0, count: 65_536)
            count = CInt(groups.count)
            try systemCall("getsockopt", "SO_PEERGROUPS") { clinux_peer_groups(socket, &groups, &count) }
        }
        self.userID = user
        self.groupID = group
        self.supplementaryGroupIDs = Array(groups.prefix(Int(count)))
        self.processID = process
    }
}
