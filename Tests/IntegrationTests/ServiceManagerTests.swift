// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import TestSupport
import Testing

extension Integration {
    @Suite("What the daemons tell a service manager")
    struct ServiceManagerTests {
        @Test(
            "A daemon asks for time before it opens what may be large, says when it serves, and asks again when it stops",
            arguments: [
                ("deepflow-noded", ["--retire-on-stop", "--drain-timeout", "3s"]), ("deepflow-schedulerd", []),
            ])
        func words(program: String, options: [String]) async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                let manager = try ListeningManager()
                let directories = [
                    "--runtime-directory", fixture.directory.path, "--state-directory", fixture.stateDirectory,
                ]
                let daemon = try DaemonProcess(
                    program, directories + options,
                    environment: ["NOTIFY_SOCKET=\(manager.path)", "WATCHDOG_USEC=300000"],
                    log: "\(fixture.directory.path)/\(program).log")
                #expect(try manager.next().hasPrefix("STATUS="))
                #expect(try manager.next() == "EXTEND_TIMEOUT_USEC=600000000")
                _ = try manager.skip { $0.hasPrefix("READY=1\nSTATUS=") }
                _ = try manager.skip { $0 == "WATCHDOG=1" }
                async let end = Task { try daemon.stop() }.value
                _ = try manager.skip { $0.hasPrefix("STOPPING=1\nSTATUS=") }
                _ = try manager.skip { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") }
                #expect(try await end?.isSuccess == true)
            }
        }
    }
}
