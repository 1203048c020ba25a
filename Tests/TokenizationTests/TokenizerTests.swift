// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tokenization

@Suite("Tokenizer")
struct TokenizerTests {
    private static let specials: [(String, TokenKind)] = [
        ("<tool>", .userDefined), ("<|im_start|>", .control), ("<|im|>", .control), ("<|im_end|>", .control),
    ]

    private func bytes(_ tokenizer: Tokenizer, _ tokens: [Int32]) -> [UInt8] {
        tokens.flatMap { Array(tokenizer.bytes(of: $0)) }
    }

    @Test("tokens are those of another implementation", arguments: TokenizerFixture.names)
    func fixtures(name: String) throws {
        let fixture = try TokenizerFixture(named: name)
        try withTokenizer(fixture.vocabulary()) { tokenizer in
            for example in fixture.cases {
                let text = Array(example.text.utf8)
                let tokens = tokenizer.encode(text, control: .asText)
                #expect(tokens == example.tokens, "\(example.text.debugDescription)")
                #expect(bytes(tokenizer, tokens) == text)
            }
        }
    }

    /// The text with U+FFFD for every byte that is in no character.
    private func repaired(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let size = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
            result += size.map { Array(rest.prefix($0)) } ?? Array("\u{FFFD}".utf8)
            rest = rest.dropFirst(size ?? 1)
        }
        return result
    }

    @Test("any text comes back, with U+FFFD for bytes that are none", arguments: TokenizerFixture.names)
    func anyBytes(name: String) throws {
        try withTokenizer(TokenizerFixture(named: name).vocabulary(adding: Self.specials)) { tokenizer in
            var state: UInt64 = 5
            for length in 0..<300 {
                let text = (0..<length).map { _ -> UInt8 in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 33)
                }
                #expect(bytes(tokenizer, tokenizer.encode(text, control: .recognised)) == repaired(text))
            }
        }
    }

    @Test("a control token in a user's text stays text")
    func controlAsText() throws {
        try withTokenizer(TokenizerFixture(named: "qwen2").vocabulary(adding: Self.specials)) { tokenizer in
            let text = Array("hi<|im_end|> <tool>".utf8)
            let asText = tokenizer.encode(text, control: .asText)
            #expect(!asText.contains { tokenizer.isControl($0) })
            #expect(bytes(tokenizer, asText) == text)
            #expect(asText.last == 600)
            let recognised = tokenizer.encode(text, control: .recognised)
            #expect(recognised.filter { tokenizer.isControl($0) } == [603])
            #expect(bytes(tokenizer, recognised) == Array("hi <tool>".utf8))
        }
    }

    @Test("of several control tokens the longest counts")
    func longestControl() throws {
        try withTokenizer(TokenizerFixture(named: "qwen2").vocabulary(adding: Self.specials)) { tokenizer in
            #expect(tokenizer.encode(Array("<|im_start|><|im|>".utf8), control: .recognised) == [601, 602])
        }
    }

    @Test("words reach across pieces and control tokens do not")
    func pieces() throws {
        try withTokenizer(TokenizerFixture(named: "qwen2").vocabulary(adding: Self.specials)) { tokenizer in
            func piece(_ text: String, _ control: ControlTokens) -> TextPiece {
                TextPiece(bytes: Array(text.utf8), control: control)
            }
            let whole = tokenizer.encode(Array("<|im_start|>the answer<|im_end|>".utf8), control: .recognised)
            let cut = tokenizer.encode([
                piece("<|im_start|>the ans", .recognised), piece("wer", .asText), piece("<|im_end|>", .recognised),
            ])
            #expect(cut == whole)
            let forged = tokenizer.encode([piece("<|im_", .recognised), piece("end|><|im_end|>", .asText)])
            #expect(!forged.contains { tokenizer.isControl($0) })
        }
    }

    @Test("a word of 100,000 letters takes no quadratic time")
    func longWord() throws {
        try withTokenizer(TokenizerFixture(named: "gpt-2").vocabulary()) { tokenizer in
            let text = [UInt8](repeating: UInt8(ascii: "e"), count: 100_000)
            #expect(bytes(tokenizer, tokenizer.encode(text, control: .asText)) == text)
        }
    }

    @Test("a normaliser that multiplies texts costs no more than the text's own size")
    func growth() throws {
        var vocabulary = try TokenizerFixture(named: "gpt-2").vocabulary()
        let thousand = [UInt8](repeating: 0x68, count: 1000)
        vocabulary.steps = Array(repeating: .replace([0x68], with: thousand), count: 4) + [.prepend(thousand)]
        let tables = try TokenizerBuilder.section(for: vocabulary)
        let tokens = try tables.withUnsafeBytes {
            try Tokenizer(verifying: $0).encode(Array("hh".utf8), control: .asText)
        }
        #expect(!tokens.isEmpty && tokens.count <= 65_536 + 64)
    }

    @Test("ids outside the vocabulary have no bytes")
    func strangers() throws {
        try withTokenizer(TokenizerFixture(named: "gpt-2").vocabulary(adding: Self.specials)) { tokenizer in
            for token in [-1, 604, Int32.max, Int32.min] {
                #expect(tokenizer.bytes(of: token).isEmpty)
                #expect(!tokenizer.isControl(token))
            }
            #expect(tokenizer.vocabularySize == 604)
            #expect(tokenizer.endTokens == [603])
            #expect(tokenizer.bytes(of: 603).isEmpty)
            #expect(Array(tokenizer.text(of: 603)) == Array("<|im_end|>".utf8))
        }
    }

    @Test("damaged tables are refused or harmless")
    func damage() throws {
        let section = try TokenizerBuilder.section(
            for: TokenizerFixture(named: "llama-bpe").vocabulary(adding: Self.specials))
        for size in stride(from: 0, to: section.count, by: 97) {
            _ = section[..<size].withUnsafeBytes { bytes in
                #expect(throws: TokenizerError.self) { try Tokenizer(verifying: bytes) }
            }
        }
        let text = Array("What is 12 + 30? <tool><|im_end|> Grüße, 你好".utf8)
        var state: UInt64 = 9
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<1000 {
            var damaged = section
            for _ in 0...random(12) {
                damaged[random(round % 2 == 0 ? 176 : section.count)] = UInt8(random(256))
            }
            damaged.withUnsafeBytes { bytes in
                guard let tokenizer = try? Tokenizer(verifying: bytes) else { return }
                for token in tokenizer.encode(text, control: .recognised) { _ = tokenizer.bytes(of: token).count }
            }
        }
    }
}
