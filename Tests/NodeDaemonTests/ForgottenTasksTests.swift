// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import NodeDaemon

@Suite struct ForgottenTasksTests {
    @Test("forgotten tasks are remembered for a while, not for ever")
    func forgotten() {
        var forgotten = ForgottenTasks()
        for number in 1...10_000 { forgotten.insert(TaskID(rawValue: UInt64(number))) }
        #expect(forgotten.contains(TaskID(rawValue: 10_000)))
        #expect(forgotten.contains(TaskID(rawValue: 7000)))
        #expect(!forgotten.contains(TaskID(rawValue: 1)))
    }
}
