// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

@Suite struct NodeTaskTests {
    private func accept(
        _ task: inout NodeTask, _ index: Int, _ wanted: Bool, location: SourceLocation = #_sourceLocation
    ) {
        let got = task.admits(index: index)
        #expect(got == wanted, "index \(index)", sourceLocation: location)
    }

    @Test("tokens come without gaps from where the answer stood; repetitions are fine")
    func indices() {
        var task = NodeTask(submission: nil, submittedAt: .now, nextIndex: 5)
        accept(&task, 6, false)
        accept(&task, 5, true)
        accept(&task, 6, true)
        accept(&task, 2, true)
        accept(&task, 7, true)
        accept(&task, 9, false)
    }

    @Test("a task that was learned from an instance may begin anywhere, and goes on without gaps")
    func learned() {
        var task = NodeTask(submission: nil, submittedAt: .now)
        accept(&task, 40, true)
        accept(&task, 41, true)
        accept(&task, 43, false)
    }

    @Test("forgotten tasks are remembered for a while, not for ever")
    func forgotten() {
        var forgotten = ForgottenTasks()
        for number in 1...10_000 { forgotten.insert(TaskID(rawValue: UInt64(number))) }
        #expect(forgotten.contains(TaskID(rawValue: 10_000)))
        #expect(forgotten.contains(TaskID(rawValue: 7000)))
        #expect(!forgotten.contains(TaskID(rawValue: 1)))
    }
}
