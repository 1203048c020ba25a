// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Testing

/// What templates make of the arguments that a model wrote, whatever it wrote.
@Suite("Arguments of earlier calls")
struct CallArgumentsTests {
    /// Each prints the arguments of the only call in its own way.
    private static let sources = [
        "printed": "{{ call.arguments | tojson }}",
        "added": "{{ '' + call.arguments }}",
        "told apart":
            "{% if call.arguments is mapping %}{{ call.arguments | tojson }}{% else %}{{ call.arguments }}{% endif %}",
        "text or members": """
        {% if call.arguments is string %}{{ call.arguments }}{% else %}\
        {% for name, value in call.arguments.items() %}{{ name }}={{ value }};{% endfor %}{% endif %}
        """,
        "members": "{% for name, value in call.arguments | items %}{{ name }}={{ value }};{% endfor %}",
        "read": "{% for name, value in (call.arguments | from_json).items() %}{{ name }}={{ value }};{% endfor %}",
    ]

    private func text(_ name: String, _ arguments: String) throws -> String {
        let source = """
            {% for message in messages %}{% for call in message.tool_calls %}{% set call = call.function %}\
            \(Self.sources[name] ?? "")\
            {% endfor %}{% endfor %}
            """
        let call = TemplateToolCall(identifier: "c", name: "f", arguments: arguments)
        let message = TemplateMessage(role: "assistant", content: nil, toolCalls: [call])
        return try template(source).text(ChatInput(messages: [message], addsGenerationPrompt: false))
    }

    @Test(
        "an object is what the template takes: a mapping, or its text",
        arguments: [
            ("printed", #"{"a": 1}"#), ("added", #"{"a":1}"#), ("told apart", #"{"a": 1}"#),
            ("text or members", "a=1;"),
            ("members", "a=1;"), ("read", "a=1;"),
        ])
    func objects(name: String, expected: String) throws {
        #expect(try text(name, #"{"a":1}"#) == expected)
    }

    @Test(
        "what is no object is its text, or an object with it where the template takes nothing else",
        arguments: [#"{"a": "#, "[1]", "7", "words"])
    func others(arguments: String) throws {
        for name in ["added", "told apart", "text or members"] { #expect(try text(name, arguments) == arguments) }
        for name in ["members", "read"] { #expect(try text(name, arguments) == "arguments=\(arguments);") }
        let quoted = arguments.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        #expect(try text("printed", arguments) == "\"\(quoted)\"")
    }

    @Test("nothing is an object without members", arguments: ["", " \n"])
    func nothing(arguments: String) throws {
        #expect(try text("printed", arguments) == "{}" && text("told apart", arguments) == "{}")
        #expect(try text("members", arguments).isEmpty && text("read", arguments).isEmpty)
        #expect(try text("added", arguments) == arguments)
    }

    @Test("a text that 'from_json' cannot read fails with its place")
    func unreadable() throws {
        let broken = try template("{{ '{' | from_json }}")
        #expect {
            try broken.render(ChatInput(messages: [], addsGenerationPrompt: false))
        } throws: { error in
            "\(error)".contains("line 1") && "\(error)".contains("from_json")
        }
        let source = "{{ ('{\"a\": [1, \"<|b|>\"]}' | from_json).a[1] }}"
        let segments = try template(source).render(ChatInput(messages: [], addsGenerationPrompt: false))
        #expect(segments == [RenderedSegment(origin: .data, bytes: Array("<|b|>".utf8))])
    }
}
