// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import TestSupport
import Testing

@testable import SystemdIntegration

/// The environment is the process's own, so one test after the other.
@Suite("Service manager", .serialized)
struct ServiceProtocolTests {
    @Test("What a daemon says is one datagram each, with a status of one line")
    func notifications() throws {
        let manager = try ListeningManager()
        setenv("NOTIFY_SOCKET", manager.path, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        ServiceNotification.status("opens\r\neverything")
        ServiceNotification.extendTimeout(bySeconds: 90)
        ServiceNotification.ready("two\nlines")
        ServiceNotification.alive()
        ServiceNotification.stopping("ends")
        let expected = [
            "STATUS=opens everything", "EXTEND_TIMEOUT_USEC=90000000", "READY=1\nSTATUS=two lines", "WATCHDOG=1",
            "STOPPING=1\nSTATUS=ends",
        ]
        for words in expected { #expect(try manager.next() == words) }
    }

    @Test("A reload is told with the time at which it began")
    func reload() throws {
        let manager = try ListeningManager()
        setenv("NOTIFY_SOCKET", manager.path, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        let before = MonotonicTime.now.nanoseconds / 1000
        ServiceNotification.reloading("reads")
        let after = MonotonicTime.now.nanoseconds / 1000
        let words = try #require(
            try manager.next().wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=([0-9]+)\nSTATUS=reads/))
        #expect((before...after).contains(try #require(UInt64(words.1))))
    }

    @Test("Without a manager, or with one that is gone, nothing happens")
    func alone() {
        unsetenv("NOTIFY_SOCKET")
        ServiceNotification.ready("nobody listens")
        setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1)
        ServiceNotification.ready("nobody listens")
        unsetenv("NOTIFY_SOCKET")
    }

    @Test("A watched service has to say that it lives, its children and others do not")
    func watchdog() throws {
        defer { for name in ["WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) } }
        #expect(ServiceWatchdog() == nil)
        for wrong in ["", "0", "-1", "soon"] {
            setenv("WATCHDOG_USEC", wrong, 1)
            #expect(ServiceWatchdog() == nil, "\(wrong)")
        }
        setenv("WATCHDOG_USEC", "30000000", 1)
        setenv("WATCHDOG_PID", "1", 1)
        #expect(ServiceWatchdog() == nil, "the variables are another process's")
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        #expect(ServiceWatchdog()?.interval == 10_000_000)
    }

    @Test("Sockets are for the process that they were made for, and the environment is cleared of them")
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
}
