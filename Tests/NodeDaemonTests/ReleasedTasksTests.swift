// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import NodeDaemon

@Suite struct ReleasedTasksTests {
    @Test("released tasks are remembered for a while, not for ever")
    func released() {
        var released = ReleasedTasks()
        for number in 1...10_000 { released.insert(TaskID(rawValue: UInt64(number))) }
        #expect(released.contains(TaskID(rawValue: 10_000)))
        #expect(released.contains(TaskID(rawValue: 7000)))
        #expect(!released.contains(TaskID(rawValue: 1)))
    }

    @Test("an instance may go on about them for a while, not for ever")
    func mentions() {
        var released = ReleasedTasks()
        released.insert(TaskID(rawValue: 1))
        #expect((0..<100_000).count { _ in released.admitsMention() } == 8192)
    }
}
