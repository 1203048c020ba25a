// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import Testing

@testable import NodeDaemon

@Suite("What a node makes of how a process ended")
struct InstanceEndingTests {
    private static let call = DeniedCall(number: 165, name: "mount", arguments: [0, 0, 0, 0, 0, 0])

    @Test("a denial and a fault count as crashes, a kill from outside does not, whatever the sentences say")
    func crashes() {
        let crashes: [ProcessEnd] = [
            .deniedCall(Self.call), .filtered, .signalled(signal: 11), .signalled(signal: 6),
        ]
        for end in crashes {
            #expect(InstanceEnding(end).isCrash && !InstanceEnding(end).isKilledFromOutside, "\(end)")
        }
        for end: ProcessEnd in [.outOfMemory, .killedByOrder, .signalled(signal: 9), .signalled(signal: 15)] {
            #expect(!InstanceEnding(end).isCrash && InstanceEnding(end).isKilledFromOutside, "\(end)")
        }
        // A template that says such words of itself is none that was killed for them.
        let liar = ProcessEnd.exited(code: 65, reason: "the system call mount(0x0), which its sandbox denies")
        for end in [liar, .notStarted(reason: "full"), .protocolBroken(reason: "it failed twice")] {
            #expect(!InstanceEnding(end).isCrash && !InstanceEnding(end).isKilledFromOutside, "\(end)")
        }
    }

    @Test("only what a sandbox ended is an attack for the log")
    func denials() {
        for end: ProcessEnd in [.deniedCall(Self.call), .filtered] { #expect(InstanceEnding(end).isDenied) }
        for end: ProcessEnd in [.signalled(signal: 11), .outOfMemory, .exited(code: 70)] {
            #expect(!InstanceEnding(end).isDenied)
        }
    }
}
