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
            let lock = try StateLock(directory: directory)
            #expect(throws: NodeDaemonError.stateInUse(directory: directory)) {
                try StateLock(directory: directory)
            }
            #expect(NodeDaemonError.stateInUse(directory: directory).description.contains(directory))
            withExtendedLifetime(lock) {}
        }
        _ = try StateLock(directory: directory)
    }

    @Test("daemons of different nodes do not disturb each other")
    func neighbours() throws {
        let scratch = try ScratchDirectory()
        let first = try StateLock(directory: scratch.path + "/node/a")
        let second = try StateLock(directory: scratch.path + "/node/b")
        withExtendedLifetime((first, second)) {}
    }
}
