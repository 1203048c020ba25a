// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Foundation

/// Templates, conversations and what Jinja makes of them.
struct RenderingFixture: Decodable {
    struct Message: Decodable {
        let role: String
        let content: String
    }

    struct Case: Decodable {
        let template: String
        let conversation: String
        let addsGenerationPrompt: Bool
        let text: String?
        let refusal: String?
    }

    let templates: [String: String]
    let conversations: [String: [Message]]
    let cases: [Case]

    static func load() throws -> RenderingFixture {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appendingPathComponent("Fixtures/pack-templates/rendered.json")
        return try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }

    /// The input of a case.
    func input(_ example: Case) -> ChatInput {
        ChatInput(
            messages: (conversations[example.conversation] ?? []).map {
                TemplateMessage(role: $0.role, content: $0.content)
            },
            addsGenerationPrompt: example.addsGenerationPrompt, beginText: "<s>", endText: "</s>")
    }
}

/// A template from its source, through its packed form.
func template(_ source: String) throws -> ChatTemplate {
    try ChatTemplateCompiler.program(for: source).withUnsafeBytes { try ChatTemplate(verifying: $0) }
}

extension ChatTemplate {
    /// The rendered text without its authors.
    func text(_ input: ChatInput, limits: RenderLimits = RenderLimits()) throws -> String {
        String(decoding: try render(input, limits: limits).flatMap(\.bytes), as: UTF8.self)
    }
}
