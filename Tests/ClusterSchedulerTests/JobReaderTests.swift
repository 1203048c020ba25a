// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Messages
import ServingModel
import TestSupport
import Testing

@testable import ClusterScheduler

@Suite("Job reader")
struct JobReaderTests {
    @Test("a reader whose last choice is accepted long after its first is not given up")
    func lateAcceptance() async throws {
        let node = try ScriptedNode("a")
        let clock = ManualClock()
        try await SchedulerFixture.run([node], clock: clock) { fixture in
            let reader = try fixture.submit(choices: 2)
            async let reading = Self.readAccepted(reader)
            let tasks = try await [node.submission(), node.submission()]
            node.accept(tasks[0].id)
            node.emit(tasks[0].id, tokens: 0..<5)
            // The first choice's tokens lie unread for two stall times, since the request waits for the second.
            while reader.jobs.allSatisfy({ $0.output.acceptance == .pending }) { await Task.yield() }
            for _ in 0..<24 {
                clock.advance(by: .seconds(5))
                await Task.yield()
            }
            node.accept(tasks[1].id)
            node.finish(tasks[1].id, tokens: 0)
            node.finish(tasks[0].id, tokens: 5)
            #expect(try await reading.map(\.text).sorted() == ["", tokenText(0..<5)])
        }
    }

    private static func readAccepted(_ reader: JobReader) async throws -> [CollectedAnswer] {
        try await reader.untilAccepted()
        return try await CollectedAnswer.readAll(reader)
    }

    @Test("a reader that is not waiting and takes nothing for the stall time is given up, and its job ends")
    func stall() async throws {
        let node = try ScriptedNode("a")
        let clock = ManualClock()
        try await SchedulerFixture.run([node], clock: clock) { fixture in
            let reader = try fixture.submit()
            let task = try await node.submission()
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<5)
            try await reader.untilAccepted()
            async let stalled: Void = reader.untilStalled()
            while fixture.core.jobs.count > 0 {
                clock.advance(by: .seconds(5))
                await Task.yield()
            }
            try await stalled
            #expect(try await node.cancellation() == task.id)
            let failure = await #expect(throws: JobFailure.self) { try await reader.next() }
            #expect(failure?.kind == .cancelled)
        }
    }

    @Test("a reader that waits for long is told that nothing happened")
    func quiet() async throws {
        let node = try ScriptedNode("a")
        let clock = ManualClock()
        try await SchedulerFixture.run([node], clock: clock) { fixture in
            let reader = try fixture.submit()
            let task = try await node.submission()
            async let news = reader.next()
            clock.advance(by: .seconds(1))
            while clock.sleeperCount == 0 { await Task.yield() }
            for _ in 0..<3 {
                clock.advance(by: .seconds(5))
                await Task.yield()
            }
            guard case .quiet = try await news else {
                Issue.record("the reader heard something else")
                return
            }
            reader.detach()
            #expect(try await node.cancellation() == task.id)
        }
    }

    @Test("an answer that nobody takes gives its place to others, and goes on with its tokens when somebody does")
    func pause() async throws {
        let node = try ScriptedNode("a")
        let clock = ManualClock()
        try await SchedulerFixture.run(
            [node],
            configure: { configuration in
                configuration.runningJobs = 1
                configuration.unreadTokens = 8
            }, clock: clock
        ) { fixture in
            let slow = try fixture.submit()
            let task = try await node.submission()
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<8)
            try await slow.untilAccepted()
            // The full output pauses the job after a second, and the next request gets the place.
            let other = try fixture.submit(userID: 2)
            async let reading = CollectedAnswer.read(other)
            while node.unreadSubmissions == 0 {
                clock.advance(by: .milliseconds(200))
                await Task.yield()
            }
            #expect(try await node.cancellation() == task.id)
            #expect(try await fixture.core.job(slow.jobs[0].id)?.status == .queued)
            let second = try await node.submission()
            #expect(second.job == other.jobs[0].id)
            node.accept(second.id)
            node.finish(second.id, tokens: 0)
            _ = try await reading
            // The reader has not taken a word: the place stays free.
            #expect(fixture.core.health.runningJobs == 0 && fixture.core.health.queuedJobs == 0)
            async let rest = CollectedAnswer.read(slow)
            let again = try await node.submission()
            #expect(again.job == slow.jobs[0].id && again.generated == (100..<108).map { Int32($0) })
            node.accept(again.id)
            node.emit(again.id, tokens: 8..<10)
            node.finish(again.id, tokens: 10)
            #expect(try await rest.text == tokenText(0..<10))
            let record = try #require(try await fixture.core.job(slow.jobs[0].id))
            #expect(record.status == .completed && record.tasks.map(\.failure) == ["paused", nil])
        }
    }

    @Test("one choice's failure reaches the reader behind what came before it")
    func failure() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            let task = try await node.submission()
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<2)
            node.emit(task.id, .failed(.internalError, message: "bad luck"))
            var parts = 0
            let failure = await #expect(throws: JobFailure.self) {
                while true { parts += try await reader.nextReplies().reduce(0) { $0 + $1.parts.count } }
            }
            #expect(parts == 2 && failure?.message == "bad luck")
        }
    }
}
