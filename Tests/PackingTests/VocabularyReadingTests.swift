// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Tokenization

@testable import Packing

/// Vocabularies in files that the GGUF project's own writer made, and the ids that llama.cpp makes with them.
@Suite("VocabularyReading")
struct VocabularyReadingTests {
    private struct Fixture: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
        }

        let cases: [Case]
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/tokenizer-families")

    @Test("a GGUF file's vocabulary of each kind makes llama.cpp's ids", arguments: ["llama", "t5", "bert"])
    func ids(name: String) throws {
        let file = try Data(contentsOf: Self.folder.appendingPathComponent("\(name).gguf"))
        let fixture = try JSONDecoder().decode(
            Fixture.self, from: Data(contentsOf: Self.folder.appendingPathComponent("\(name).json")))
        #expect(fixture.cases.count > 100)
        let section = try file.withUnsafeBytes { try TokenizerPacking.section(gguf: $0) }
        try section.withUnsafeBytes { section in
            let tokenizer = try Tokenizer(verifying: section)
            for example in fixture.cases {
                let found = tokenizer.encode(Array(example.text.utf8), control: .asText)
                #expect(found == example.ids, "\(example.text.debugDescription)")
            }
            #expect(tokenizer.endTokens == [name == "t5" ? 1 : 2])
            #expect(tokenizer.closingToken == (name == "llama" ? nil : tokenizer.endTokens.first))
        }
    }
}
