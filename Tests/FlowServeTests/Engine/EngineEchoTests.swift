// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import TestSupport
import Testing
import Tokenization

@testable import FlowServe

@Suite("Tokens and texts told")
struct EngineEchoTests {
    private func answer(_ fixture: EngineFixture, _ number: UInt64, _ work: TaskWork) -> Answer {
        fixture.answer(TaskSubmission(task: TaskID(rawValue: number), work: work))
    }

    @Test("A text that is empty has no tokens, and no tokens are an empty text")
    func empty() throws {
        let fixture = try EngineFixture()
        let tokens = answer(fixture, 1, .tokenization(.text("", parsesControlTokens: true)))
        #expect(tokens.promptTokens == 0 && tokens.tokens.isEmpty && tokens.outcome?.reason == .stop)
        let text = answer(fixture, 2, .detokenization([]))
        #expect(text.tokens.isEmpty && text.text.isEmpty && text.outcome?.reason == .stop)
    }

    @Test("An empty text cannot be continued")
    func emptyPrompt() throws {
        let fixture = try EngineFixture()
        #expect(
            answer(fixture, 1, .answer(.text("", parsesControlTokens: true), .init(temperature: 0, seed: 1)))
                .failure == .invalidRequest)
    }

    @Test("A text comes back from its tokens, control tokens included")
    func roundTrip() throws {
        let fixture = try EngineFixture()
        let end = String(decoding: fixture.image.tokenizer.text(of: TinyServingModel.endToken), as: UTF8.self)
        let text = " wörld \(end)\n🙂"
        let tokens = answer(fixture, 1, .tokenization(.text(text, parsesControlTokens: true)))
        #expect(tokens.ids.contains(TinyServingModel.endToken))
        #expect(answer(fixture, 2, .detokenization(tokens.ids)).text == text)
    }
}
