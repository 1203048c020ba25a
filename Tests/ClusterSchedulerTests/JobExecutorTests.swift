// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Job executor")
struct JobExecutorTests {
    @Test("an answer goes through in order, is acknowledged and recorded")
    func plain() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = CollectedAnswer.read(executor)
            let task = try await node.submission()
            #expect(task.work == fixture.submission().work && task.generated.isEmpty)
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<3)
            node.finish(task.id, tokens: 3, text: "!")
            let answer = try await reading
            #expect(answer.text == "<0><1><2>!")
            #expect(answer.acceptances == 1)
            #expect(
                answer.summary
                    == JobSummary(reason: .stop, promptTokens: 5, completionTokens: 3, rest: .init(text: "!")))
            let last = try await node.acknowledgement()
            #expect(last == TaskAcknowledgement(task: task.id, index: 3, isOver: true))
            let record = try #require(try await fixture.core.job(executor.job.id))
            #expect(record.status == .completed && record.finishReason == .stop && record.completionTokens == 3)
            #expect(record.phases.forkMicroseconds == 7 && record.phases.prefillMicroseconds == 11)
            #expect(record.phases.decodeMicroseconds == 22 && record.phases.firstTokenMicroseconds != nil)
            #expect(record.tasks.map(\.status) == [.completed] && record.tasks.first?.node == node.name)
            #expect(fixture.core.jobs.count == 0)
        }
    }

    @Test("repeated tokens are dropped, a gap is asked for again")
    func order() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = CollectedAnswer.read(executor)
            let task = try await node.submission()
            node.accept(task.id)
            node.accept(task.id)
            node.emit(task.id, tokens: [0, 1, 1, 0, 2, 5, 6])
            #expect(try await node.resumption() == 3)
            node.accept(task.id)
            node.emit(task.id, tokens: 3..<8)
            node.finish(task.id, tokens: 8)
            #expect(try await reading.text == tokenText(0..<8))
        }
    }

    @Test("an end that counts more tokens than came is asked for again, then believed")
    func shortEnd() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = CollectedAnswer.read(executor)
            let task = try await node.submission()
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<2)
            node.finish(task.id, tokens: 4)
            #expect(try await node.resumption() == 2)
            node.emit(task.id, tokens: 2..<3)
            node.finish(task.id, tokens: 4)
            #expect(try await node.resumption() == 3)
            node.finish(task.id, tokens: 4)
            let answer = try await reading
            #expect(answer.text == tokenText(0..<3))
            #expect(answer.summary?.completionTokens == 4)
        }
    }

    @Test("an instance that dies before its answer is replaced without a word to the client")
    func lossBeforeAcceptance() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = CollectedAnswer.read(executor)
            let first = try await node.submission()
            node.emit(first.id, .failed(.instanceLost, message: "gone"))
            let second = try await node.submission()
            #expect(second.id != first.id && second.job == first.job && second.generated.isEmpty)
            node.accept(second.id)
            node.emit(second.id, tokens: 0..<1)
            node.finish(second.id, tokens: 1)
            #expect(try await reading.text == "<0>")
        }
    }

    @Test("an instance that dies in its answer is replaced, with the tokens so far and the same seed")
    func lossWithinAnswer() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = CollectedAnswer.read(executor)
            let first = try await node.submission()
            node.accept(first.id)
            node.emit(first.id, tokens: 0..<4)
            node.emit(first.id, .failed(.instanceLost, message: "gone"))
            let second = try await node.submission()
            #expect(second.generated == [100, 101, 102, 103])
            #expect(second.work == first.work && second.delivered == 4)
            node.emit(first.id, tokens: 4..<5)
            node.accept(second.id)
            node.emit(second.id, tokens: 4..<6)
            node.finish(second.id, tokens: 6)
            let answer = try await reading
            #expect(answer.text == tokenText(0..<6))
            #expect(answer.acceptances == 1)
            let record = try #require(try await fixture.core.job(executor.job.id))
            #expect(record.tasks.map(\.firstIndex) == [0, 4])
            #expect(record.tasks.map(\.status) == [.failed, .completed])
        }
    }

    @Test("three attempts in a row without a token are enough; a token makes new ones worthwhile")
    func attempts() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = Result { try await CollectedAnswer.read(executor) }
            for round in 0..<6 {
                let task = try await node.submission()
                #expect(task.generated.count == min(round, 3))
                node.accept(task.id)
                if round < 3 { node.emit(task.id, tokens: round..<(round + 1)) }
                node.emit(task.id, .failed(.instanceLost, message: "gone"))
                if round == 5 { break }
            }
            guard case .failure(let error as JobFailure) = await reading else {
                Issue.record("the job did not fail")
                return
            }
            #expect(error.kind == .task(.instanceLost))
            #expect(try await fixture.core.job(executor.job.id)?.status == .failed)
        }
    }

    @Test("a failure that is the client's own is final and keeps its sentence")
    func finalFailure() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = Result { try await CollectedAnswer.read(executor) }
            let task = try await node.submission()
            node.emit(task.id, .failed(.contextLengthExceeded, message: "70 of 64"))
            guard case .failure(let error as JobFailure) = await reading else {
                Issue.record("the job did not fail")
                return
            }
            #expect(error == JobFailure(.task(.contextLengthExceeded), "70 of 64"))
            let record = try #require(try await fixture.core.job(executor.job.id))
            #expect(record.failure == "context_length_exceeded: 70 of 64")
        }
    }

    @Test("tokens are acknowledged every 64, and only as the reader takes them")
    func acknowledgement() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let first = executor.next()
            let task = try await node.submission()
            node.accept(task.id)
            #expect(try await first == [.accepted(promptTokens: 5)])
            node.emit(task.id, tokens: 0..<130)
            // A stray task's cancellation comes after all those tokens were taken in, still without a word on them.
            let stray = TaskID(rawValue: 77)
            node.emit(stray, tokens: 0..<1)
            #expect(try await node.cancellation() == stray)
            var count = 0
            while count < 130 { count += try await executor.next().count }
            var acknowledged: [Int] = []
            while acknowledged.last != 128 { acknowledged.append(try await node.acknowledgement().index) }
            #expect(acknowledged == [64, 128] || acknowledged == [128])
            await executor.close()
        }
    }

    @Test("a reader that stops, or whose task is cancelled, ends the task at once")
    func cancellation() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let closed = try fixture.submit()
            async let begun = closed.next()
            let first = try await node.submission()
            node.accept(first.id)
            _ = try await begun
            await closed.close()
            #expect(try await node.cancellation() == first.id)
            #expect(try await fixture.core.job(closed.job.id)?.status == .cancelled)

            let interrupted = try fixture.submit()
            let reader = Task { try await CollectedAnswer.read(interrupted) }
            let second = try await node.submission()
            reader.cancel()
            #expect(try await node.cancellation() == second.id)

            let dropped = try await drop(fixture, node)
            #expect(try await node.cancellation() == dropped)
        }
    }

    /// A job whose executor nobody holds any more.
    private func drop(_ fixture: SchedulerFixture, _ node: ScriptedNode) async throws -> TaskID {
        let executor = try fixture.submit()
        async let begun = executor.next()
        let task = try await node.submission()
        node.accept(task.id)
        _ = try await begun
        return task.id
    }

    @Test("whoever may do so ends a job from outside, and its reader is told")
    func endedFromOutside() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let executor = try fixture.submit()
            async let reading = Result { try await CollectedAnswer.read(executor) }
            let task = try await node.submission()
            fixture.core.jobs.find(executor.job.id)?.end(JobFailure(.cancelled, "by order"))
            #expect(try await node.cancellation() == task.id)
            guard case .failure(let error as JobFailure) = await reading else {
                Issue.record("the job did not fail")
                return
            }
            #expect(error.message == "by order")
        }
    }
}

extension Result where Failure == any Error {
    /// The outcome of an asynchronous body.
    init(catching body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
