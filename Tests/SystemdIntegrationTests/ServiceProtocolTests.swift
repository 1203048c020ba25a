// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import TestSupport
import Testing

@testable import SystemdIntegration

/// The environment is the process's own, so one test after the other.
@Suite("Service manager", .serialized)
struct ServiceProtocolTests {
    @Test("Readiness is one datagram with a status of one line")
    func readiness() throws {
        let scratch = try ScratchDirectory()
        let manager = try UnixSocket.bindDatagram(at: scratch.path + "/notify")
        setenv("NOTIFY_SOCKET", scratch.path + "/notify", 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        ServiceNotification.ready("two\nlines")
        ServiceNotification.stopping("ends")
        #expect(try Self.packet(on: manager) == "READY=1\nSTATUS=two lines")
        #expect(try Self.packet(on: manager) == "STOPPING=1\nSTATUS=ends")
    }

    @Test("Without a manager, or with one that is gone, nothing happens")
    func alone() {
        unsetenv("NOTIFY_SOCKET")
        ServiceNotification.ready("nobody listens")
        setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1)
        ServiceNotification.ready("nobody listens")
        unsetenv("NOTIFY_SOCKET")
    }

    @Test("A watched service says that it lives, its children and others do not")
    func watchdog() throws {
        let scratch = try ScratchDirectory()
        let manager = try UnixSocket.bindDatagram(at: scratch.path + "/notify")
        setenv("NOTIFY_SOCKET", scratch.path + "/notify", 1)
        defer { for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) } }
        #expect(ServiceWatchdog() == nil)
        for wrong in ["", "0", "-1", "soon"] {
            setenv("WATCHDOG_USEC", wrong, 1)
            #expect(ServiceWatchdog() == nil, "\(wrong)")
        }
        setenv("WATCHDOG_USEC", "30000000", 1)
        setenv("WATCHDOG_PID", "1", 1)
        #expect(ServiceWatchdog() == nil, "the variables are another process's")
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        #expect((9_000...10_001).contains(try #require(ServiceWatchdog()).waitingTime))
        setenv("WATCHDOG_USEC", "1", 1)
        var due = try #require(ServiceWatchdog())
        while !due.signalIfDue() {}
        #expect(try Self.packet(on: manager) == "WATCHDOG=1")
    }

    @Test("Sockets are handed over by name, once, to the process that they are for")
    func activation() {
        setenv("LISTEN_PID", "\(getpid())", 1)
        setenv("LISTEN_FDS", "0", 1)
        setenv("LISTEN_FDNAMES", "api", 1)
        #expect(Self.isEmpty(.inherited()))
        #expect(getenv("LISTEN_FDS") == nil)
        setenv("LISTEN_PID", "1", 1)
        setenv("LISTEN_FDS", "1", 1)
        #expect(Self.isEmpty(.inherited()))
        #expect(getenv("LISTEN_PID") == nil)
    }

    private static func isEmpty(_ sockets: ActivatedSockets) -> Bool {
        var sockets = sockets
        return sockets.take("api") == nil
    }

    private static func packet(on socket: borrowing OwnedDescriptor) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = try systemCall("recv") { recv(socket.rawValue, &bytes, bytes.count, 0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

extension UnixSocket {
    /// A socket on which a manager would hear.
    fileprivate static func bindDatagram(at path: String) throws -> OwnedDescriptor {
        let number = try systemCall("socket") { socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0) }
        let descriptor = OwnedDescriptor(owning: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try systemCall("bind", path) {
            withUnsafeBytes(of: &address) {
                bind(number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
        }
        return descriptor
    }
}
