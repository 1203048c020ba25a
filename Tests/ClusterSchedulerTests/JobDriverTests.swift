// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import TestSupport
import Testing

@testable import ClusterScheduler

@Suite("Job driver")
struct JobDriverTests {
    @Test("an answer goes through in order, is acknowledged and recorded")
    func plain() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            let task = try await node.submission()
            #expect(task.work == fixture.submission().plan.work && task.generated.isEmpty)
            node.accept(task.id)
            node.emit(task.id, tokens: 0..<3)
            node.finish(task.id, tokens: 3, text: "!")
            let answer = try await reading
            #expect(answer.text == "<0><1><2>!")
            #expect(
                answer.summary
                    == JobSummary(reason: .stop, promptTokens: 5, completionTokens: 3, rest: .init(text: "!")))
            let last = try await node.acknowledgement()
            #expect(last == TaskAcknowledgement(task: task.id, index: 3, isOver: true))
            let record = try #require(try await fixture.core.job(reader.jobs[0].id))
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
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
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
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
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
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
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
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
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
            let record = try #require(try await fixture.core.job(reader.jobs[0].id))
            #expect(record.tasks.map(\.firstIndex) == [0, 4])
            #expect(record.tasks.map(\.status) == [.failed, .completed])
        }
    }

    @Test("three crashes in a row without a token are enough; a token makes new attempts worthwhile")
    func attempts() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = Result { try await CollectedAnswer.read(reader) }
            for round in 0..<6 {
                let task = try await node.submission()
                #expect(task.generated.count == min(round, 3))
                node.accept(task.id)
                if round < 3 { node.emit(task.id, tokens: round..<(round + 1)) }
                node.emit(task.id, .failed(.instanceCrashed, message: "gone"))
                if round == 5 { break }
            }
            guard case .failure(let error as JobFailure) = await reading else {
                Issue.record("the job did not fail")
                return
            }
            #expect(error.kind == .task(.instanceCrashed))
            #expect(try await fixture.core.job(reader.jobs[0].id)?.status == .failed)
        }
    }

    @Test("a failure that is the client's own is final and keeps its sentence")
    func finalFailure() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = Result { try await CollectedAnswer.read(reader) }
            let task = try await node.submission()
            node.emit(task.id, .failed(.contextLengthExceeded, message: "70 of 64"))
            guard case .failure(let error as JobFailure) = await reading else {
                Issue.record("the job did not fail")
                return
            }
            #expect(error == JobFailure(.task(.contextLengthExceeded), "70 of 64"))
            let record = try #require(try await fixture.core.job(reader.jobs[0].id))
            #expect(record.failure == "context_length_exceeded: 70 of 64")
        }
    }

    @Test("instances that die by no fault of the job are replaced as often as that happens")
    func innocentLosses() async throws {
        let node = try ScriptedNode("a")
        let clock = ManualClock()
        try await SchedulerFixture.run([node], clock: clock) { fixture in
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            for round in 0..<20 {
                while round > 1, node.unreadSubmissions == 0 {
                    clock.advance(by: .milliseconds(100)); await Task.yield()
                }
                let task = try await node.submission()
                if round < 19 {
                    node.emit(task.id, .failed(.instanceLost, message: "killed"))
                } else {
                    finish(task, node)
                }
            }
            #expect(try await reading.text == "<0>")
        }
    }

    private func finish(_ task: ServingTask, _ node: ScriptedNode) {
        node.accept(task.id)
        node.emit(task.id, tokens: 0..<1)
        node.finish(task.id, tokens: 1)
    }

    @Test("a task whose place goes to another tenant is sent again with its tokens, and that is no attempt")
    func preemption() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = CollectedAnswer.read(reader)
            for round in 0..<5 {
                let task = try await node.submission()
                #expect(task.delivered == min(round, 1))
                node.accept(task.id)
                if round == 0 { node.emit(task.id, tokens: 0..<1) }
                node.emit(task.id, .failed(.preempted, message: "your turn is over"))
            }
            let last = try await node.submission()
            node.accept(last.id)
            node.finish(last.id, tokens: 1)
            #expect(try await reading.text == "<0>")
        }
    }

    @Test("tokens of a step that come as one event reach each job in order")
    func batches() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit(choices: 2)
            async let reading = CollectedAnswer.readAll(reader)
            let tasks = try await [node.submission(), node.submission()]
            for task in tasks { node.accept(task.id) }
            for index in 0..<3 { node.emitStep(tasks.map { ($0.id, index) }) }
            node.emitStep([(tasks[0].id, 3), (tasks[0].id, 4), (tasks[1].id, 3)])
            node.finish(tasks[0].id, tokens: 5)
            node.finish(tasks[1].id, tokens: 4)
            let texts = try await reading.map(\.text)
            let order = tasks[0].job == reader.jobs[0].id ? [5, 4] : [4, 5]
            #expect(texts == order.map { tokenText(0..<$0) })
        }
    }

    @Test("tokens are acknowledged every 64, and only as the reader takes them")
    func acknowledgement() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            let task = try await node.submission()
            node.accept(task.id)
            try await reader.untilAccepted()
            node.emit(task.id, tokens: 0..<130)
            // A stray task's cancellation comes after all those tokens were taken in, still without a word on them.
            let stray = TaskID(rawValue: 77)
            node.emit(stray, tokens: 0..<1)
            #expect(try await node.cancellation() == stray)
            var count = 0
            while count < 130 { count += try await reader.nextReplies().reduce(0) { $0 + $1.parts.count } }
            #expect(try await node.acknowledgement().index == 130)
            reader.detach()
            #expect(try await node.cancellation() == task.id)
        }
    }

    @Test("a job goes on without a reader that takes, and ends where its last reader leaves")
    func readers() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let finished = try fixture.submit()
            let first = try await node.submission()
            node.accept(first.id)
            node.emit(first.id, tokens: 0..<2)
            node.finish(first.id, tokens: 2)
            // Nobody has read a word, and the job is over.
            #expect(try await node.acknowledgement() == TaskAcknowledgement(task: first.id, index: 2, isOver: true))
            #expect(try await fixture.core.job(finished.jobs[0].id)?.status == .completed)
            #expect(fixture.core.jobs.count == 1 && fixture.core.health.runningJobs == 0)
            #expect(try await CollectedAnswer.read(finished).text == "<0><1>")
            #expect(fixture.core.jobs.count == 0)

            let left = try fixture.submit()
            let second = try await node.submission()
            node.accept(second.id)
            try await left.untilAccepted()
            left.detach()
            #expect(try await node.cancellation() == second.id)
            #expect(try await fixture.core.job(left.jobs[0].id)?.status == .cancelled)
            #expect(fixture.core.jobs.count == 0)

            let interrupted = try fixture.submit()
            let client = Task { try await CollectedAnswer.read(interrupted) }
            let third = try await node.submission()
            client.cancel()
            #expect(try await node.cancellation() == third.id)
        }
    }

    @Test("whoever may do so ends a job from outside, and its reader is told")
    func endedFromOutside() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = Result { try await CollectedAnswer.read(reader) }
            let task = try await node.submission()
            fixture.core.jobs.find(reader.jobs[0].id)?.end(JobFailure(.cancelled, "by order"))
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
