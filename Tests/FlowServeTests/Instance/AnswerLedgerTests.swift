// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import Testing

@testable import FlowServe

@Suite("Answer ledger")
struct AnswerLedgerTests {
    private func task(_ number: UInt64) -> TaskID { TaskID(rawValue: number) }

    private func token(_ index: Int, _ text: String = "x") -> GeneratedToken {
        GeneratedToken(index: index, id: Int32(index), text: text)
    }

    private let outcome = TaskOutcome(
        reason: .length, text: "", completionTokens: 3, prefillMicroseconds: 1, decodeMicroseconds: 2)

    private func frames(_ ledger: inout AnswerLedger) -> [FromInstance] {
        var frames: [FromInstance] = []
        while let frame = ledger.nextFrame() { frames.append(frame) }
        return frames
    }

    @Test("Frames of a task come in order: accepted, tokens, finished")
    func order() {
        var ledger = AnswerLedger()
        ledger.note(.accepted(task(1), promptTokens: 9, firstIndex: 0))
        ledger.note(.token(task(1), token(0)))
        ledger.note(.token(task(1), token(1)))
        ledger.note(.finished(task(1), outcome))
        #expect(
            frames(&ledger) == [
                .accepted(task(1), promptTokens: 9),
                .tokens([.init(task: task(1), token: token(0)), .init(task: task(1), token: token(1))]),
                .finished(task(1), outcome),
            ])
    }

    @Test("The tokens of all tasks share a frame")
    func sharedFrame() {
        var ledger = AnswerLedger()
        for number in 1...3 as ClosedRange<UInt64> {
            ledger.note(.accepted(task(number), promptTokens: 1, firstIndex: 5))
        }
        _ = frames(&ledger)
        for number in 1...3 as ClosedRange<UInt64> { ledger.note(.token(task(number), token(5))) }
        #expect(frames(&ledger) == [.tokens((1...3).map { .init(task: task($0), token: token(5)) })])
    }

    @Test("Long texts are spread over packets that fit")
    func packetSize() {
        var ledger = AnswerLedger()
        ledger.note(.accepted(task(1), promptTokens: 1, firstIndex: 0))
        for index in 0..<40 { ledger.note(.token(task(1), token(index, String(repeating: "y", count: 4096)))) }
        let sent = frames(&ledger)
        #expect(sent.allSatisfy { $0.encoded().count <= 65_536 })
        let indices = sent.flatMap { frame -> [Int] in
            if case .tokens(let tokens) = frame { tokens.map(\.token.index) } else { [] }
        }
        #expect(indices == Array(0..<40))
    }

    @Test("Acknowledged tokens are gone, the others come again with a replay")
    func acknowledgement() {
        var ledger = AnswerLedger()
        ledger.note(.accepted(task(1), promptTokens: 4, firstIndex: 0))
        for index in 0..<5 { ledger.note(.token(task(1), token(index))) }
        _ = frames(&ledger)
        ledger.acknowledge(task(1), index: 3)
        ledger.acknowledge(task(1), index: 1)
        #expect(frames(&ledger).isEmpty)
        ledger.replay(task(1), index: 0)
        #expect(
            frames(&ledger) == [
                .accepted(task(1), promptTokens: 4),
                .tokens([.init(task: task(1), token: token(3)), .init(task: task(1), token: token(4))]),
            ])
        ledger.acknowledge(task(1), index: 1000)
        ledger.replay(task(1), index: 0)
        #expect(frames(&ledger) == [.accepted(task(1), promptTokens: 4)])
        ledger.note(.token(task(1), token(5)))
        #expect(frames(&ledger) == [.tokens([.init(task: task(1), token: token(5))])])
    }

    @Test("A task that is forgotten while it runs ends in silence")
    func forgottenWhileRunning() {
        var ledger = AnswerLedger()
        ledger.note(.accepted(task(1), promptTokens: 4, firstIndex: 0))
        ledger.release(task(1))
        #expect(ledger.activeCount == 1)
        ledger.note(.token(task(1), token(0)))
        ledger.note(.finished(task(1), outcome))
        #expect(frames(&ledger).isEmpty)
        #expect(ledger.activeCount == 0)
        #expect(!ledger.knows(task(1)))
    }

    @Test("Ends that nobody forgets are bounded, the oldest go first")
    func boundedEnds() {
        var ledger = AnswerLedger()
        let count = UInt64(AnswerLedger.endedTasks) + 10
        for number in 0..<count { ledger.refuse(task(number), .failed(.overloaded, message: "full")) }
        #expect(!ledger.knows(task(9)))
        #expect(ledger.knows(task(10)))
        #expect(frames(&ledger).count == AnswerLedger.endedTasks)
        ledger.reportAttached()
        guard case .attached(let known) = ledger.nextFrame() else {
            Issue.record("no report")
            return
        }
        #expect(known.count == AnswerLedger.endedTasks)
        #expect(ledger.activeCount == 0)
    }

    @Test("A long failure message is cut between characters")
    func longMessage() throws {
        var ledger = AnswerLedger()
        ledger.refuse(task(1), .failed(.invalidRequest, message: String(repeating: "ä", count: 4000) + "end"))
        ledger.refuse(task(2), .failed(.invalidRequest, message: "a" + String(repeating: "ä", count: 4000)))
        for frame in frames(&ledger) {
            let decoded = try frame.encoded().withUnsafeBytes { try FromInstance(decoding: $0) }
            #expect(decoded == frame)
        }
    }
}
