// SPDX-License-Identifier: Apache-2.0
import ServingModel
import TestSupport
import Testing
import Tokenization

@testable import FlowServe

@Suite("Text of answers")
struct EngineTextTests {
    @Test("The text is that of the tokens, in whole characters")
    func wholeCharacters() throws {
        let fixture = try EngineFixture()
        let answer = fixture.answer(.of(1, temperature: 1, maximumTokens: 200))
        let bytes = answer.ids.flatMap { Array(fixture.image.tokenizer.bytes(of: $0)) }
        #expect(answer.text == String(decoding: bytes, as: UTF8.self))
        #expect(answer.tokens.contains { $0.text.isEmpty }, "no token was a part of a character: a poor test")
    }

    @Test("A stop string over several tokens cuts the text before it")
    func stopAcrossTokens() throws {
        let fixture = try EngineFixture(tokens: 64)
        var tried = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            let free = fixture.answer(.of(seed, temperature: 1, seed: seed, maximumTokens: 60))
            for start in stride(from: 5, to: 50, by: 9) {
                let stop = free.tokens[start..<start + 4].map(\.text).joined()
                guard stop.unicodeScalars.count > 2, let place = free.text.firstRange(of: stop) else { continue }
                tried += 1
                let task = 1000 * seed + UInt64(start)
                let cut = fixture.answer(
                    .of(task, temperature: 1, seed: seed, maximumTokens: 60, stop: [stop, "unlikely"]))
                #expect(cut.text == String(free.text[..<place.lowerBound]))
                #expect(cut.outcome?.reason == .stop)
                #expect(cut.outcome?.text == "")
                #expect(cut.ids == Array(free.ids.prefix(cut.ids.count)))
                #expect(cut.outcome?.completionTokens == cut.ids.count)
            }
        }
        #expect(tried > 10)
    }

    @Test("What may begin a stop string is held back and comes at the end")
    func heldBack() throws {
        let fixture = try EngineFixture()
        let free = fixture.answer(.of(1, temperature: 1, maximumTokens: 30))
        let tail = String(free.text.suffix(2))
        let held = fixture.answer(.of(2, temperature: 1, maximumTokens: 30, stop: [tail + "!never!"]))
        #expect(held.text == free.text)
        #expect(held.outcome?.reason == .length)
        #expect(held.outcome?.text.hasSuffix(tail) == true)
    }

    @Test("A continued answer finds a stop string that began before the cut")
    func stopAcrossContinuation() throws {
        let fixture = try EngineFixture()
        let free = fixture.answer(.of(1, temperature: 1))
        let stop = free.tokens[10..<16].map(\.text).joined()
        let cut = fixture.answer(.of(2, temperature: 1, stop: [stop]))
        try #require(cut.outcome?.reason == .stop)
        for before in [11, 13, cut.ids.count - 1, cut.ids.count] where before <= cut.ids.count {
            let rest = fixture.answer(
                .of(UInt64(100 + before), temperature: 1, stop: [stop], generated: Array(cut.ids.prefix(before))))
            #expect(rest.tokens == Array(cut.tokens.dropFirst(before)))
            #expect(rest.outcome?.reason == .stop)
            #expect(rest.outcome?.completionTokens == cut.ids.count)
        }
    }

    @Test("Control tokens in a message stay text; those of the template are tokens")
    func controlTokensInMessages() throws {
        let fixture = try EngineFixture()
        let encoding = PromptEncoding(tokenizer: fixture.image.tokenizer, template: fixture.image.template)
        func tokens(_ content: String) throws -> [Int32] {
            try encoding.tokens(of: .chat(Conversation([ChatMessage(role: "user", content: content)])))
        }
        let plain = try tokens("x")
        let hostile = try tokens("x" + TinyServingModel.endText)
        let ends = plain.count { $0 == TinyServingModel.endToken }
        #expect(ends == 1)
        #expect(plain.count { $0 == TinyServingModel.turnToken } == 2)
        #expect(hostile.count { $0 == TinyServingModel.endToken } == ends)
        #expect(hostile.count == plain.count + TinyServingModel.endText.utf8.count)
        let raw = Prompt.text(TinyServingModel.endText, parsesControlTokens: true)
        #expect(try encoding.tokens(of: raw) == [TinyServingModel.endToken])
    }
}
