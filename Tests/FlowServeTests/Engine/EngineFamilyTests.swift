// SPDX-License-Identifier: Apache-2.0
import Artefacts
import Messages
import ServingModel
import TestSupport
import Testing

@testable import FlowServe

@Suite("The engine with families that are served otherwise than most")
struct EngineFamilyTests {
    private static func encoder(_ shape: inout ModelConfiguration) {
        shape.architecture = .nomicBERT
        shape.pooling = .first
    }

    private static func stretched(_ shape: inout ModelConfiguration) {
        shape.architecture = .phi3
        shape.shortContextLength = 24
    }

    private func embedding(_ texts: [String], _ task: UInt64 = 1) -> TaskSubmission {
        TaskSubmission(
            task: TaskID(rawValue: task),
            work: .embedding(texts.map { .text($0, parsesControlTokens: false) }, EmbeddingParameters()))
    }

    @Test("An encoder reads each text at once, however long, and pools as it was made to")
    func encoders() throws {
        let texts = (0..<20).map { String(repeating: "hello \($0)", count: 1 + 5 * $0) }
        let fixture = try EngineFixture(tokens: 512, change: Self.encoder)
        let expected = texts.enumerated().map { place, text in
            fixture.answer(embedding([text], UInt64(place))).vectors.map(\.vector)
        }
        let answer = try EngineFixture(tokens: 512, change: Self.encoder).answer(embedding(texts))
        #expect(answer.vectors.map { [$0.vector] } == expected)
        #expect(answer.vectors.last.map(\.tokenCount) ?? 0 > 256)
        #expect(Set(answer.vectors.map(\.vector)).count == texts.count)
    }

    @Test("An encoder gives no answers, and its template rehearses with a vector")
    func encoderRefusal() throws {
        let fixture = try EngineFixture(change: Self.encoder)
        let answer = fixture.answer(.of(1))
        #expect(answer.failure == .invalidRequest && answer.message.contains("embeddings"))
        let warm = try WarmModel(fixture.image)
        warm.rehearse()
        #expect(warm.limits.tokensPerStep == 512)
    }

    @Test("An answer that outgrows the short context is computed anew, and goes on as one that began long")
    func longAnswers() throws {
        let whole = try EngineFixture(change: Self.stretched).answer(.of(1)).ids
        #expect(whole.count == 40)
        for kept in [5, 18, 19, 20, 35] {
            let fixture = try EngineFixture(blocks: 8, tokens: 7, change: Self.stretched)
            fixture.engine.submit(.of(2, "another one", temperature: 1))
            fixture.engine.submit(.of(1, generated: Array(whole.prefix(kept))))
            let answers = fixture.run()
            #expect(answers[TaskID(rawValue: 1)]?.ids == Array(whole.dropFirst(kept)))
            #expect(answers[TaskID(rawValue: 2)]?.tokens.count == 40)
        }
    }
}
