// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tokenization

/// A vocabulary with texts, words and tokens as another implementation made them.
struct TokenizerFixture: Decodable {
    struct Case: Decodable {
        let text: String
        let words: [String]
        let tokens: [Int32]
    }

    let preTokenizer: String
    let tokens: [String]
    let merges: [String]
    let cases: [Case]

    static let names = ["gpt-2", "qwen2", "llama-bpe", "smollm"]

    init(named name: String) throws {
        let data = try Data(contentsOf: fixtureFile("pack-tokenizers/\(name).json"))
        self = try JSONDecoder().decode(Self.self, from: data)
    }

    /// The vocabulary, with control and user-defined tokens added at its end.
    func vocabulary(adding extra: [(String, TokenKind)] = []) throws -> Vocabulary {
        let added = extra.indices.map { Int32(tokens.count + $0) }
        var vocabulary = Vocabulary(
            tokens: tokens + extra.map(\.0), kinds: tokens.map { _ in .normal } + extra.map(\.1), merges: merges,
            preTokenizer: .whole, endTokens: Array(added.suffix(1)))
        try vocabulary.splitWords(as: preTokenizer)
        return vocabulary
    }
}

/// A committed fixture, or its larger form in the folder that `DEEPFLOW_TOKENIZER_FIXTURES` names; see
/// Tests/Fixtures/compare-tokenizers.
func fixtureFile(_ path: String) -> URL {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let large = ProcessInfo.processInfo.environment["DEEPFLOW_TOKENIZER_FIXTURES"]
    return (large.map { URL(fileURLWithPath: $0) } ?? tests.appendingPathComponent("Fixtures"))
        .appendingPathComponent(path)
}

/// Runs `body` with a tokenizer over the section of a vocabulary.
func withTokenizer<Result>(
    _ vocabulary: Vocabulary, _ body: (Tokenizer) throws -> Result
) throws -> Result {
    let section = try TokenizerBuilder.section(for: vocabulary)
    return try section.withUnsafeBytes { try body(Tokenizer(verifying: $0)) }
}
