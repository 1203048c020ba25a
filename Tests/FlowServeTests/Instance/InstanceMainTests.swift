// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@testable import FlowServe

@Suite("Instance over a socket pair", .serialized)
struct InstanceMainTests {
    private func task(_ number: UInt64) -> TaskID { TaskID(rawValue: number) }

    @Test("It says that it is ready, answers pings, and ends with 0 after a drain")
    func readiness() throws {
        let fixture = try InstanceFixture()
        guard case .ready(let start) = try fixture.next() else {
            Issue.record("the first frame is not 'ready'")
            return
        }
        #expect(start.mappingMicroseconds == 2)
        try fixture.send(.ping(77))
        #expect(try fixture.next() == .pong(77, activeTasks: 0, progress: nil))
        #expect(try fixture.drained() == 0)
    }

    @Test("Answers come as the engine makes them, several at once, one frame for each step")
    func answers() throws {
        let submissions = (1...4 as ClosedRange<UInt64>).map { TaskSubmission.of($0, temperature: 1, seed: $0) }
        let engine = try EngineFixture()
        let fixture = try InstanceFixture()
        for submission in submissions { try fixture.submit(submission) }
        var frames = 0
        let answers = try fixture.answers(1, 2, 3, 4) { frame in
            if case .tokens(let tokens) = frame {
                frames += 1
                #expect(Set(tokens.map(\.task)).count == tokens.count)
            }
        }
        for submission in submissions {
            var answer = answers[submission.task]
            answer?.outcome?.prefillMicroseconds = 0
            answer?.outcome?.decodeMicroseconds = 0
            #expect(answer == engine.answer(submission))
        }
        #expect(frames < 160, "four answers of 40 tokens share their steps")
        #expect(try fixture.drained() == 0)
    }

    @Test("A prompt of many parts arrives whole; one that cannot fit is refused with both numbers")
    func longPrompts() throws {
        let fixture = try InstanceFixture()
        try fixture.submit(.of(1, String(repeating: "x", count: 200_000)))
        let answer = try fixture.answers(1)[task(1)]
        #expect(answer?.failure == .contextLengthExceeded)
        #expect(answer?.message.contains("200000 tokens") == true)
        #expect(answer?.message.contains("512") == true)
        #expect(try fixture.drained() == 0)
    }

    @Test("A cancelled task ends within a step, also while nobody acknowledges")
    func cancellation() throws {
        let fixture = try InstanceFixture(window: 20)
        try fixture.submit(.of(1, maximumTokens: 400))
        _ = try fixture.awaited { if case .tokens = $0 { true } else { nil } }
        try fixture.send(.cancel(task(1)))
        let answer = try fixture.answers(1)[task(1)]
        #expect(answer?.outcome?.reason == .cancelled)
        #expect((answer?.outcome?.completionTokens ?? 400) <= 20)
        // It was over before: nothing comes, and the next frame answers the ping.
        try fixture.send(.cancel(task(1)), .ping(5))
        guard case .pong(5, activeTasks: 0, _) = try fixture.next() else {
            Issue.record("something came before the answer to the ping")
            return
        }
        #expect(try fixture.drained() == 0)
    }

    @Test("No token leaves beyond the window, and acknowledgements open it")
    func window() throws {
        let fixture = try InstanceFixture(window: 8)
        try fixture.submit(.of(1, maximumTokens: 50))
        var acknowledged = 0
        var next = 0
        _ = try fixture.answers(1) { frame in
            guard case .tokens(let tokens) = frame else { return }
            for token in tokens {
                #expect(token.token.index == next)
                #expect(token.token.index < acknowledged + 8)
                next += 1
            }
            if next == acknowledged + 8 {
                acknowledged = next - 3
                try fixture.send(.acknowledge(task(1), index: acknowledged))
            }
        }
        #expect(next == 50)
        #expect(try fixture.drained() == 0)
    }

    @Test("A new daemon sees what is there and gets again what was not acknowledged")
    func replay() throws {
        let fixture = try InstanceFixture()
        try fixture.submit(.of(1, temperature: 1, maximumTokens: 30))
        let first = try fixture.answers(1)[task(1)]
        try fixture.send(.acknowledge(task(1), index: 10), .attach)
        let known = try fixture.awaited { if case .attached(let tasks) = $0 { tasks } else { nil } }
        #expect(known == [.init(task: task(1), nextIndex: 30)])
        for (from, expected) in [(0, 10), (10, 10), (25, 25), (30, 30), (99, 30)] {
            try fixture.send(.replay(task(1), index: from))
            let again = try fixture.answers(1)[task(1)]
            #expect(again?.promptTokens == first?.promptTokens)
            #expect(again?.tokens == Array(first?.tokens.dropFirst(expected) ?? []))
            #expect(again?.outcome == first?.outcome)
        }
        try fixture.send(.release(task(1)), .attach)
        #expect(try fixture.next() == .attached([]))
        try fixture.send(.replay(task(1), index: 0))
        #expect(try fixture.answers(1)[task(1)]?.failure == .instanceLost)
        #expect(try fixture.drained() == 0)
    }

    @Test("Nothing is lost when nobody reads for longer than the channel holds")
    func deafDaemon() throws {
        let fixture = try InstanceFixture(hasSmallBuffer: true)
        let tasks = 1...4 as ClosedRange<UInt64>
        for number in tasks {
            try fixture.submit(.of(number, temperature: 1, seed: number, maximumTokens: 480))
        }
        // Asks without reading until the instance, whose answers find no room, does not read either.
        let pings = try fixture.pingUntilDeaf()
        var pongs = 0
        let answers = try fixture.answers(1, 2, 3, 4) { frame in
            if case .pong = frame { pongs += 1 }
        }
        try fixture.send(.ping(.max))
        while true {
            if case .pong(.max, activeTasks: 0, _) = try fixture.next() { break }
            pongs += 1
        }
        #expect(pongs == pings)
        for number in tasks {
            #expect(answers[task(number)]?.tokens.map(\.index) == Array(0..<480))
            #expect(answers[task(number)]?.outcome?.completionTokens == 480)
        }
        #expect(try fixture.drained() == 0)
    }

    @Test("Replies that found no room come when there is some, without a step to carry them")
    func repliesWithoutRoom() throws {
        let fixture = try InstanceFixture(hasSmallBuffer: true)
        for _ in 0..<3 {
            let pings = try fixture.pingUntilDeaf()
            for number in 0..<UInt64(pings) {
                let pong = try fixture.awaited { if case .pong(let number, _, _) = $0 { number } else { nil } }
                #expect(pong == number)
            }
        }
        #expect(try fixture.drained() == 0)
    }

    @Test("A draining instance finishes what it has, refuses what is new and ends")
    func drain() throws {
        // The window keeps the first task from ending before the second one arrives.
        let fixture = try InstanceFixture(window: 20)
        try fixture.submit(.of(1, maximumTokens: 30))
        try fixture.send(.drain)
        try fixture.submit(.of(2))
        var tokens = 0
        let refused = try fixture.answers(2) { frame in
            if case .tokens(let more) = frame { tokens += more.count }
        }
        #expect(refused[task(2)]?.failure == .overloaded)
        while tokens < 20 {
            tokens += try fixture.awaited { if case .tokens(let more) = $0 { more.count } else { nil } }
        }
        try fixture.send(.acknowledge(task(1), index: 20))
        let answer = try fixture.answers(1)[task(1)]
        #expect(tokens + (answer?.tokens.count ?? 0) == 30)
        #expect(answer?.outcome?.completionTokens == 30)
        #expect(fixture.exitStatus() == 0)
    }

    @Test("A submission with a gap, or one that is not what it says, fails alone")
    func brokenSubmissions() throws {
        let fixture = try InstanceFixture()
        let bytes = TaskSubmission.of(1).encoded()
        try fixture.send(
            .submissionPart(task(1), offset: 0, total: bytes.count, bytes: Array(bytes.prefix(10))),
            .submissionPart(task(1), offset: 12, total: bytes.count, bytes: Array(bytes.dropFirst(12))))
        #expect(try fixture.answers(1)[task(1)]?.failure == .invalidRequest)
        try fixture.send(.submissionPart(task(2), offset: 0, total: bytes.count, bytes: bytes))
        #expect(try fixture.answers(2)[task(2)]?.message.contains("another task") == true)
        try fixture.submit(.of(3))
        #expect(try fixture.answers(3)[task(3)]?.tokens.count == 40)
        #expect(try fixture.drained() == 0)
    }

    @Test(
        "What is no frame ends the instance with 70",
        arguments: [
            [1, 2, 3], [9, 0, 0, 0, 1, 200, 0, 0, 0], [8, 0, 0, 0, 1, 1, 0, 0], Array(repeating: 255, count: 60),
        ])
    func malformed(bytes: [UInt8]) throws {
        let fixture = try InstanceFixture()
        try fixture.send(bytes: bytes)
        #expect(fixture.exitStatus() == 70)
    }
}
