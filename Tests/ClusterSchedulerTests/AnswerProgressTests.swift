// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Answer progress")
struct AnswerProgressTests {
    private func token(_ index: Int) -> TaskEvent { part(index).event }

    private func part(_ index: Int) -> ReplyPart {
        .token(GeneratedToken(index: index, id: Int32(truncatingIfNeeded: index), text: "t"))
    }

    @Test("a gap is asked for once until it is closed")
    func gaps() {
        var progress = AnswerProgress()
        progress.beginAttempt()
        #expect(progress.receive(token(2)) == .askAgain(from: 0))
        #expect(progress.receive(token(3)) == .nothing)
        #expect(progress.receive(token(0)) == .deliver(part(0), isFirst: true, acknowledge: nil))
        #expect(progress.receive(token(2)) == .askAgain(from: 1))
        #expect(progress.receive(token(0)) == .nothing)
    }

    @Test("the acknowledgement comes with every 64th token, counted anew in each attempt")
    func acknowledgements() {
        var progress = AnswerProgress()
        progress.beginAttempt()
        var acknowledged: [Int] = []
        for index in 0..<100 {
            if case .deliver(_, _, let index?) = progress.receive(token(index)) { acknowledged.append(index) }
        }
        #expect(progress.lose("x") == .placeAgain)
        progress.beginAttempt()
        for index in 100..<230 {
            if case .deliver(_, _, let index?) = progress.receive(token(index)) { acknowledged.append(index) }
        }
        #expect(acknowledged == [64, 164, 228])
    }

    @Test("negative and absurd indices change nothing but a question")
    func absurd() {
        var progress = AnswerProgress()
        progress.beginAttempt()
        #expect(progress.receive(token(-1)) == .nothing)
        #expect(progress.receive(token(Int.max)) == .askAgain(from: 0))
        #expect(progress.tokens.isEmpty)
    }

    @Test("an answer that has begun asks for the content that it began with")
    func pinned() {
        var progress = AnswerProgress()
        progress.beginAttempt()
        let acceptance = TaskAcceptance(
            instance: InstanceID(rawValue: 1), promptTokens: 3, startMicroseconds: 0, digest: "old")
        #expect(progress.receive(.accepted(acceptance)) == .accept(acceptance, isFirst: true))
        #expect(progress.pinnedDigest == nil)
        _ = progress.receive(token(0))
        #expect(progress.lose("x") == .placeAgain)
        #expect(progress.pinnedDigest == "old")
    }

    @Test("vectors are parts like tokens, and leave no tokens to go on from")
    func vectors() {
        var progress = AnswerProgress(keepsTokens: false)
        progress.beginAttempt()
        let first = EmbeddedInput(index: 0, tokenCount: 3, vector: [1, 0])
        #expect(progress.receive(.vector(first)) == .deliver(.vector(first), isFirst: true, acknowledge: nil))
        #expect(progress.receive(.vector(EmbeddedInput(index: 2, tokenCount: 1, vector: []))) == .askAgain(from: 1))
        #expect(progress.partCount == 1 && progress.tokens.isEmpty)
    }

    @Test("losses are counted until a token comes")
    func losses() {
        var progress = AnswerProgress()
        for _ in 0..<2 {
            progress.beginAttempt()
            #expect(progress.lose("x") == .placeAgain)
        }
        progress.beginAttempt()
        _ = progress.receive(token(0))
        for _ in 0..<3 {
            #expect(progress.lose("x") == .placeAgain)
            progress.beginAttempt()
        }
        guard case .fail(let failure) = progress.lose("why") else {
            Issue.record("the third fruitless attempt must be the last")
            return
        }
        #expect(failure.kind == .task(.instanceLost) && failure.message.contains("why"))
    }
}
