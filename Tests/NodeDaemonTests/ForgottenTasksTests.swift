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

    @Test("an instance may go on about them for a while, not for ever")
    func mentions() {
        var forgotten = ForgottenTasks()
        forgotten.insert(TaskID(rawValue: 1))
        #expect((0..<100_000).count { _ in forgotten.admitsMention() } == 8192)
    }
}
