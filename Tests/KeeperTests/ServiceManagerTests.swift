// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import TestSupport
import Testing

@Suite("The keeper and its service manager")
struct ServiceManagerTests {
    @Test("A keeper says that it is ready, that it lives, and that it ends")
    func words() throws {
        let manager = try ListeningManager()
        let scratch = try ScratchDirectory()
        let socket = scratch.path + "/k.sock"
        let keeper = try ProcessLaunch(
            executable: BuiltExecutable.path("deepflow-keeper"),
            arguments: ["--socket", socket, "--engine", BuiltExecutable.path("sandbox-probe")],
            environment: ["NOTIFY_SOCKET=\(manager.path)", "WATCHDOG_USEC=30000"],
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO]
        ).start()
        #expect(try manager.next() == "READY=1\nSTATUS=listens at \(socket)")
        #expect(try manager.next() == "WATCHDOG=1")
        #expect(try manager.next() == "WATCHDOG=1")
        try keeper.send(signal: SIGTERM)
        #expect(try manager.skip(to: { $0 != "WATCHDOG=1" }) == "STOPPING=1")
        #expect(try keeper.reap(waits: true)?.isSuccess == true)
    }

    @Test("A watchdog that watches another process hears nothing")
    func othersWatchdog() throws {
        let manager = try ListeningManager()
        let scratch = try ScratchDirectory()
        let keeper = try ProcessLaunch(
            executable: BuiltExecutable.path("deepflow-keeper"),
            arguments: ["--socket", scratch.path + "/k.sock", "--engine", BuiltExecutable.path("sandbox-probe")],
            environment: ["NOTIFY_SOCKET=\(manager.path)", "WATCHDOG_USEC=3000", "WATCHDOG_PID=1"],
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO]
        ).start()
        #expect(try manager.next().hasPrefix("READY=1"))
        try keeper.send(signal: SIGTERM)
        #expect(try manager.next() == "STOPPING=1")
        #expect(try keeper.reap(waits: true)?.isSuccess == true)
    }
}
