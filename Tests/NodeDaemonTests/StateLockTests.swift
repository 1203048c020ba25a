// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@testable import NodeDaemon

@Suite struct StateLockTests {
    @Test("a directory has one daemon at a time, and the refusal names it; the next one gets it when that ends")
    func exclusion() throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path + "/node/local"
        do {
            let lock = try NodeProcess.lockState(directory)
            #expect(throws: NodeDaemonError.stateInUse(directory: directory)) {
                try NodeProcess.lockState(directory, milliseconds: 0)
            }
            #expect(NodeDaemonError.stateInUse(directory: directory).description.contains(directory))
            withExtendedLifetime(lock) {}
        }
        _ = try NodeProcess.lockState(directory)
    }

    @Test("daemons of different nodes do not disturb each other")
    func neighbours() throws {
        let scratch = try ScratchDirectory()
        let first = try NodeProcess.lockState(scratch.path + "/node/a")
        let second = try NodeProcess.lockState(scratch.path + "/node/b")
        withExtendedLifetime((first, second)) {}
    }
}
