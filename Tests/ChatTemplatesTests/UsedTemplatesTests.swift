// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Foundation
import Testing

/// Templates in the manner of those in use, and what Jinja makes of them; see Tests/Fixtures/chat-templates/make.py.
@Suite("Templates in use")
struct UsedTemplatesTests {
    struct ToolCall: Decodable {
        let id: String
        let name: String
        let arguments: String
    }

    struct Message: Decodable {
        let role: String
        let content: String?
        let reasoning: String?
        let tool_calls: [ToolCall]?
        let tool_call_id: String?
        let name: String?
    }

    struct Conversation: Decodable {
        let name: String
        let messages: [Message]
        let addsGenerationPrompt: Bool
        let tools: String?
        let variables: String?
    }

    struct Outcome: Decodable {
        let text: String?
        let hash: String?
        let raised: String?
        let failed: String?
    }

    struct Expression: Decodable {
        let source: String
        let text: String?
        let failed: String?
    }

    struct Fixture: Decodable {
        let moment: Int
        let expressions: [Expression]
        let conversations: [Conversation]
        let cases: [String: [Outcome]]
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/chat-templates")

    static func load() throws -> Fixture {
        try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: folder.appendingPathComponent("rendered.json")))
    }

    private static func source(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent("templates/\(name).jinja"), encoding: .utf8)
    }

    private static func input(_ conversation: Conversation, _ moment: Int) -> ChatInput {
        let messages = conversation.messages.map { message in
            TemplateMessage(
                role: message.role, content: message.content, reasoning: message.reasoning,
                toolCalls: (message.tool_calls ?? []).map {
                    TemplateToolCall(identifier: $0.id, name: $0.name, arguments: $0.arguments)
                }, toolCallIdentifier: message.tool_call_id, name: message.name)
        }
        return ChatInput(
            messages: messages, addsGenerationPrompt: conversation.addsGenerationPrompt, beginText: "<s>",
            endText: "</s>", tools: conversation.tools, variables: conversation.variables, moment: moment)
    }

    private static func hash(_ text: String) -> String {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Test("each template writes each conversation as Jinja does, or refuses it as Jinja does")
    func identity() throws {
        let fixture = try Self.load()
        #expect(fixture.cases.count >= 40 && fixture.conversations.count >= 20)
        for (name, outcomes) in fixture.cases.sorted(by: { $0.key < $1.key }) {
            let template = try template(Self.source(name))
            #expect(outcomes.count == fixture.conversations.count)
            for (conversation, outcome) in zip(fixture.conversations, outcomes) {
                let shown = "\(name) with '\(conversation.name)'"
                do throws(ChatTemplateError) {
                    let segments = try template.render(Self.input(conversation, fixture.moment))
                    let text = String(decoding: segments.flatMap(\.bytes), as: UTF8.self)
                    Self.keep(text, name, conversation.name)
                    if let expected = outcome.text { #expect(text == expected, "\(shown)") }
                    #expect(Self.hash(text) == outcome.hash ?? outcome.text.map(Self.hash), "\(shown)")
                } catch {
                    switch error {
                    case .raised(let message, _): #expect(message == outcome.raised, "\(shown)")
                    case .rendering: #expect(outcome.failed != nil, "\(shown): \(error)")
                    default: Issue.record("\(shown): \(error)")
                    }
                }
            }
        }
    }

    @Test("operators, literals, filters, tests, methods and statements are Jinja's")
    func expressions() throws {
        let fixture = try Self.load()
        #expect(fixture.expressions.count > 80)
        for expression in fixture.expressions {
            let input = ChatInput(messages: [], addsGenerationPrompt: true, moment: fixture.moment)
            do throws(ChatTemplateError) {
                let template = try ChatTemplateCompiler.compiled(expression.source)
                let text = String(decoding: try template.render(input).flatMap(\.bytes), as: UTF8.self)
                #expect(text == expression.text, "\(expression.source)")
            } catch {
                guard case .rendering = error else {
                    Issue.record("\(expression.source): \(error)")
                    continue
                }
                #expect(expression.failed != nil, "\(expression.source): \(error)")
            }
        }
    }

    /// Writes a text where `DEEPFLOW_TEXTS` names a folder, to compare with those that make.py writes.
    private static func keep(_ text: String, _ template: String, _ conversation: String) {
        guard let folder = ProcessInfo.processInfo.environment["DEEPFLOW_TEXTS"] else { return }
        let place = URL(fileURLWithPath: folder).appendingPathComponent(template)
        try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try? text.write(to: place.appendingPathComponent(conversation), atomically: true, encoding: .utf8)
    }
}

extension ChatTemplateCompiler {
    /// A template from its source, through its packed form.
    static func compiled(_ source: String) throws(ChatTemplateError) -> ChatTemplate {
        let program = try program(for: source)
        let result = program.withUnsafeBytes { bytes -> Result<ChatTemplate, ChatTemplateError> in
            do throws(ChatTemplateError) {
                return .success(try ChatTemplate(verifying: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
