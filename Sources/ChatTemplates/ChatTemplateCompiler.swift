// SPDX-License-Identifier: Apache-2.0

/// Turns the source of a chat template into the packed program that instances run. Used when a model is packed.
package enum ChatTemplateCompiler {
    private static let probe = "deepflow_probe"

    /// The packed program, or an error with line and column for what is wrong or not supported.
    package static func program(for source: String) throws(ChatTemplateError) -> [UInt8] {
        var stream = TokenStream(try TemplateLexer.tokens(of: source))
        let statements = try stream.template()
        return ProgramEncoder.encode(
            TemplateProgram(argumentsForm: argumentsForm(of: statements), statements: statements))
    }

    /// Tries a conversation with a tool call: the first form whose arguments come out as JSON is the template's.
    private static func argumentsForm(of statements: [Statement]) -> ToolArgumentsForm {
        let call = ChatToolCall(identifier: "call00001", name: "look", arguments: "{\"\(probe)\": \"x\"}")
        let tool = #"{"type": "function", "function": {"name": "look", "description": "", "parameters": {}}}"#
        let conversation = [
            ChatMessage(role: "user", content: "a"),
            ChatMessage(role: "assistant", content: nil, toolCalls: [call]),
            ChatMessage(role: "tool", content: "b", toolCallIdentifier: call.identifier, name: call.name),
        ]
        let wanted = Array("\"\(probe)\"".utf8)
        return ToolArgumentsForm.allCases.first { form in
            let template = ChatTemplate(program: TemplateProgram(argumentsForm: form, statements: statements))
            // Some templates ask for an answer after the result, others refuse one without a text before it.
            return [conversation, Array(conversation.prefix(2))].contains { messages in
                let input = ChatInput(messages: messages, addsGenerationPrompt: false, tools: "[\(tool)]")
                guard let segments = try? template.render(input, limits: RenderLimits(steps: 100_000)) else {
                    return false
                }
                return MarkedText(segments.flatMap(\.bytes), .template).firstOffset(of: wanted) != nil
            }
        } ?? .object
    }
}
