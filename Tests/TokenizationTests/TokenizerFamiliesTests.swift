// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Tokenization

/// A vocabulary of one family with the ids that another implementation makes.
private struct FamilyFixture: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [Int32]
    }

    /// Bytes that are no UTF-8, in hexadecimal digits.
    struct Broken: Decodable {
        let bytes: String
        let ids: [Int32]
    }

    let tokens: [String]
    let types: [Int]
    let scores: [Double]
    let merges: [String]
    let unknownToken: Int32
    let model: String
    let pre: String?
    let addSpacePrefix: Bool?
    let removeExtraSpaces: Bool?
    let cases: [Case]
    let broken: [Broken]

    init(named name: String) throws {
        let data = try Data(contentsOf: fixtureFile("tokenizer-families/\(name).json"))
        self = try JSONDecoder().decode(Self.self, from: data)
    }

    func vocabulary() throws -> Vocabulary {
        let kinds = types.map { type -> TokenKind in
            switch type {
            case 2: .unknown
            case 3: .control
            case 6: .byte
            default: .normal
            }
        }
        var vocabulary = Vocabulary(
            tokens: tokens, kinds: kinds, merges: merges,
            preTokenizer: .whole,
            unknownToken: unknownToken >= 0 ? unknownToken : nil)
        if let pre { try vocabulary.splitWords(as: pre) }
        vocabulary.scores = scores.map { Double(Float($0)) }
        var settings = TokenizerFamily.Settings()
        settings.addsSpacePrefix = addSpacePrefix
        settings.removesExtraSpaces = removeExtraSpaces
        try #require(TokenizerFamily(rawValue: model)).configure(&vocabulary, settings)
        return vocabulary
    }
}

@Suite("TokenizerFamilies")
struct TokenizerFamiliesTests {
    static let names = ["llama", "t5", "bert", "deepseek-v3", "deepseek-coder", "tekken", "gpt-4o", "falcon", "bloom"]

    @Test("ids are those of another implementation", arguments: names)
    func ids(name: String) throws {
        let fixture = try FamilyFixture(named: name)
        try withTokenizer(fixture.vocabulary()) { tokenizer in
            var different = 0
            for example in fixture.cases {
                let found = tokenizer.encode(Array(example.text.utf8), control: .asText)
                guard found != example.ids else { continue }
                different += 1
                if different <= 8 {
                    Issue.record("\(example.text.debugDescription): \(found), expected \(example.ids)")
                }
            }
            #expect(different == 0, "of \(fixture.cases.count) lines")
        }
    }

    @Test(
        "bytes that are no UTF-8 become what llama.cpp makes of them",
        arguments: ["llama", "t5", "bert", "deepseek-v3", "deepseek-coder", "falcon", "bloom"])
    func broken(name: String) throws {
        let fixture = try FamilyFixture(named: name)
        #expect(fixture.broken.count >= 100)
        try withTokenizer(fixture.vocabulary()) { tokenizer in
            for example in fixture.broken {
                let bytes = stride(from: 0, to: example.bytes.utf8.count, by: 2).compactMap {
                    UInt8(example.bytes.dropFirst($0).prefix(2), radix: 16)
                }
                #expect(tokenizer.encode(bytes, control: .asText) == example.ids, "\(example.bytes)")
            }
        }
    }

    @Test("texts come back", arguments: names.filter { !["t5", "bert"].contains($0) })
    func roundTrip(name: String) throws {
        let fixture = try FamilyFixture(named: name)
        try withTokenizer(fixture.vocabulary()) { tokenizer in
            for example in fixture.cases {
                var detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
                var text = tokenizer.encode(Array(example.text.utf8), control: .asText)
                    .flatMap { detokenizer.append($0) }
                text += detokenizer.flush()
                // SentencePiece writes a space as U+2581 and cannot tell the two apart.
                let isPieces = fixture.model == "llama"
                let expected = example.text.unicodeScalars.flatMap {
                    UTF8.encode(isPieces && $0 == "▁" ? " " : $0).map(Array.init) ?? []
                }
                #expect(text == expected, "\(example.text.debugDescription)")
            }
        }
    }
}
