// SPDX-License-Identifier: Apache-2.0
internal import ChatTemplates

extension FuzzTarget {
    /// Chat templates: parsed, packed and rendered.
    static let template = FuzzTarget(
        "template", longest: 1 << 12,
        words: [
            "{%", "%}", "{{", "}}", "{#", "#}", "-%}", "{%-", "for x in messages", "endfor", "if", "elif", "else",
            "endif",
            "macro f(a)", "endmacro", "call(x) f(1)", "endcall", "filter upper", "endfilter", "set x =", "endset",
            "namespace(", "range(", "recursive", "loop(", "loop.cycle(", "|tojson", "|join", "|map(", "|selectattr(",
            "|format(", "|batch(", "|sort", "|replace(", ".split(", ".items()", "[::-1]", "is defined", "is not none",
            "raise_exception(", "strftime_now(", "break", "continue", "generation", "endgeneration", "with", "endwith",
            "raw", "endraw", "messages", "tools", "not in", "**", "//", "~", ".append(", "|from_json", "{1: 2}",
        ]
    ) { bytes in
        guard let source = String(validating: bytes, as: UTF8.self),
            let program = try? ChatTemplateCompiler.program(for: source)
        else { return }
        program.withUnsafeBytes { packed in
            guard let template = try? ChatTemplate(verifying: packed) else {
                preconditionFailure("what was packed cannot be read")
            }
            render(template)
        }
    }

    private static let limits = RenderLimits(steps: 20_000, outputBytes: 1 << 16)

    private static func render(_ template: ChatTemplate) {
        let call = TemplateToolCall(
            identifier: "c1", name: "look", arguments: #"{"place": "Zürich", "days": [1, 2.5]}"#)
        let input = ChatInput(
            messages: [
                TemplateMessage(role: "system", content: "Be brief. {{ x }}"),
                TemplateMessage(role: "user", content: "Hi 👩‍💻"),
                TemplateMessage(role: "assistant", content: nil, reasoning: "hm", toolCalls: [call]),
                TemplateMessage(role: "tool", content: "[]", toolCallIdentifier: "c1", name: "look"),
            ], addsGenerationPrompt: true, beginText: "<s>", endText: "</s>",
            tools: #"[{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]"#,
            variables: #"{"enable_thinking": false}"#, moment: 1_741_529_106)
        guard let segments = try? template.render(input, limits: limits) else { return }
        precondition(segments.reduce(0) { $0 + $1.bytes.count } <= limits.outputBytes, "a text beyond its limit")
        precondition(
            segments.allSatisfy { String(validating: $0.bytes, as: UTF8.self) != nil }, "half a character")
    }
}
