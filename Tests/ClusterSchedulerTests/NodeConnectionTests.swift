// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Messages
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Node connection")
struct NodeConnectionTests {
    @Test("a daemon that comes back is asked for every live task from its next index")
    func reconnection() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            let task = try await node.submission()
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<3)
            node.cut()
            try await node.connection()
            #expect(try await node.resumption() == 3)
            node.accept(task.id)
            node.emit(task.id, tokens: 3..<5)
            node.finish(task.id, tokens: 5)
            #expect(try await reading.text == tokenText(0..<5))
        }
    }

    @Test("a daemon that comes back without the task gets it again, with its tokens")
    func reconnectionWithoutTask() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            let task = try await node.submission()
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<3)
            node.refuseResumption(.refused(status: 404, code: "not_found", message: "unknown task"))
            node.cut()
            let again = try await node.submission()
            #expect(again.generated == [100, 101, 102])
            node.accept(again.id)
            node.finish(again.id, tokens: 3)
            #expect(try await reading.text == tokenText(0..<3))
        }
    }

    @Test("the tasks of a node that stays away go on at another one")
    func grace() async throws {
        let a = try ScriptedNode("a")
        let b = try ScriptedNode("b")
        try await SchedulerFixture.run([a, b], grace: .milliseconds(100)) { fixture in
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            let task = try await a.submission()
            a.accept(task.id)
            a.emit(task.id, tokens: 0..<2)
            a.cut(isDown: true)
            let again = try await b.submission()
            #expect(again.generated == [100, 101])
            b.accept(again.id)
            b.emit(again.id, tokens: 2..<3)
            b.finish(again.id, tokens: 3)
            #expect(try await reading.text == tokenText(0..<3))
            let record = try #require(try await fixture.core.job(reader.jobs[0].id))
            #expect(record.tasks.map(\.node) == [a.name, b.name])
        }
    }

    @Test("a request waits for a node that is only away for a moment")
    func momentaryAbsence() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node], configure: { $0.missingSeconds = 20 }) { fixture in
            node.cut(isDown: true)
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            while fixture.core.cluster.connectedNodeNames.count > 0 { await Task.yield() }
            node.comeBack()
            fixture.setSockets(of: [node])
            let task = try await node.submission()
            node.accept(task.id)
            node.finish(task.id, tokens: 0)
            #expect(try await reading.summary != nil)
        }
    }

    @Test("a task that nobody waits for is ended, and its end forgotten")
    func strays() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { _ in
            node.emit(TaskID(rawValue: 5), tokens: 3..<4)
            let cancelled = try await node.cancellation()
            #expect(cancelled == TaskID(rawValue: 5))
            node.finish(cancelled, tokens: 4)
            let forgotten = try await node.acknowledgement()
            #expect(forgotten == TaskAcknowledgement(task: cancelled, index: 4, isOver: true))
        }
    }

    @Test("a node whose socket is gone for good is no longer listed")
    func departure() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node], grace: .milliseconds(50)) { fixture in
            #expect(await fixture.core.cluster.nodes().map(\.node) == [node.name])
            fixture.setSockets(of: [])
            node.cut(isDown: true)
            while await !fixture.core.cluster.nodes().isEmpty { await Task.yield() }
            node.comeBack()
            fixture.setSockets(of: [node])
            try await node.connection()
        }
    }
}
