// SPDX-License-Identifier: Apache-2.0

/// Turns the source of a chat template into the packed program that instances run. Used when a model is packed.
package enum ChatTemplateCompiler {
    private static let probe = "deepflow_probe"

    /// The packed program, or an error with line and column for what is wrong or not supported.
    package static func program(for source: String) throws(ChatTemplateError) -> [UInt8] {
        var parser = StatementParser(try TemplateLexer.tokens(of: source))
        let statements = try parser.template()
        return ProgramEncoder.encode(
            TemplateProgram(argumentsForm: argumentsForm(of: statements), statements: statements))
    }

    /// Tries conversations with a tool call. A template that prints an object's members takes an object, unless it prints
    /// them as Python writes a mapping: then it counts on a JSON text. What it makes of arguments that are no object
    /// decides whether it gets those as they are.
    private static func argumentsForm(of statements: [Statement]) -> ToolArgumentsForm {
        func text(_ arguments: String, _ form: ToolArgumentsForm) -> MarkedText? {
            let template = ChatTemplate(program: TemplateProgram(argumentsForm: form, statements: statements))
            return rendered(arguments, by: template)
        }
        let object = "{\"\(probe)\": \"x\"}"
        let asMapping = text(object, .object)
        let printsPython = asMapping?.holds("{'\(probe)'") ?? false
        let takesObject = (asMapping?.holds(probe) ?? false) && !printsPython
        let takesText = !takesObject && text(object, .text)?.holds(probe) ?? false
        if takesText { return text(probe, .text)?.holds(probe) ?? false ? .text : .jsonOnly }
        return text(probe, .object)?.holds(probe) ?? false ? .object : .objectOnly
    }

    /// What a template makes of a call with these arguments; nil where it refuses the conversation or prints nothing of
    /// the call. Some templates ask for an answer after the result, others refuse one without a text before it.
    private static func rendered(_ arguments: String, by template: ChatTemplate) -> MarkedText? {
        let call = TemplateToolCall(identifier: "call00001", name: "look", arguments: arguments)
        let tool = #"{"type": "function", "function": {"name": "look", "description": "", "parameters": {}}}"#
        let conversation = [
            TemplateMessage(role: "user", content: "a"),
            TemplateMessage(role: "assistant", content: nil, toolCalls: [call]),
            TemplateMessage(role: "tool", content: "b", toolCallIdentifier: call.identifier, name: call.name),
        ]
        for messages in [conversation, Array(conversation.prefix(2))] {
            let input = ChatInput(messages: messages, addsGenerationPrompt: false, tools: "[\(tool)]")
            guard let segments = try? template.render(input, limits: RenderLimits(steps: 100_000)) else { continue }
            let text = MarkedText(segments.flatMap(\.bytes), .template)
            if text.holds(probe) { return text }
        }
        return nil
    }
}

extension MarkedText {
    /// Whether a text that is not empty occurs in this one.
    fileprivate func holds(_ text: String) -> Bool { firstOffset(of: Array(text.utf8)) != nil }
}
