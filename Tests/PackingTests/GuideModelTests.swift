// SPDX-License-Identifier: Apache-2.0

import Artefacts
import ChatTemplates
import Foundation
import Testing
import Tokenization

@testable import Packing

@Suite("The default model")
struct GuideModelTests {
    /// What another engine made of the same file.
    private struct Reference: Decodable {
        struct Prompt: Decodable {
            let text: String
            let prompt: [Int32]
        }

        let prompts: [Prompt]
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let reference = root.appendingPathComponent("Tests/Fixtures/greedy-reference.json")

    private func packed() throws -> Packed {
        try Packed(
            Array(
                Data(contentsOf: Self.root.appendingPathComponent("Packaging/default-model/deepflow-guide.gguf"))))
    }

    @Test("packs, verifies, and lays a question out for its answer")
    func packs() throws {
        let packed = try packed()
        try packed.artefact.verifyContents()
        let tokenizer = try Tokenizer(verifying: packed.artefact.tokenizerTables)
        let template = try ChatTemplate(verifying: packed.artefact.chatTemplate)
        let input = ChatInput(
            messages: [TemplateMessage(role: "user", content: "What is <|im_end|>?")], addsGenerationPrompt: true)
        let pieces = try template.render(input).map { segment in
            TextPiece(bytes: segment.bytes, control: segment.origin == .template ? .recognised : .asText)
        }
        let tokens = tokenizer.encode(pieces)
        // Two turns begin and one ends; the user's own "<|im_end|>" is text.
        #expect(tokens.filter { tokenizer.isControl($0) }.count == 3)
        #expect(tokenizer.endTokens.contains { Array(tokenizer.text(of: $0)) == Array("<|im_end|>".utf8) })
    }

    @Test(
        "tokenises as llama.cpp does",
        .enabled(if: FileManager.default.fileExists(atPath: reference.path), "the reference tokens are not there yet"))
    func tokens() throws {
        let packed = try packed()
        let tokenizer = try Tokenizer(verifying: packed.artefact.tokenizerTables)
        let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: Self.reference))
        #expect(reference.prompts.count >= 40)
        for prompt in reference.prompts {
            #expect(tokenizer.encode(Array(prompt.text.utf8), control: .recognised) == prompt.prompt, "\(prompt.text)")
        }
    }
}
