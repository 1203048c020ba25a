// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Testing

@Suite("ChatTemplateCompiler")
struct ChatTemplateCompilerTests {
    private func refusal(_ source: String) -> String {
        do throws(ChatTemplateError) {
            _ = try ChatTemplateCompiler.program(for: source)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("what is not built in is named with its place")
    func unsupported() {
        #expect(refusal("a\n{% import 'x' as y %}").contains("the tag 'import' at line 2, column 4"))
        #expect(refusal("{{ x | wordwrap }}").contains("the filter 'wordwrap' (known are abs, attr"))
        #expect(refusal("{{ x is prime }}").contains("the test 'prime'"))
        #expect(refusal("{{ x.extend(1) }}").contains("the method 'extend'"))
        #expect(refusal("{{ f(*x) }}").contains("arguments from a list"))
        #expect(refusal("{% block x %}{% endblock %}").contains("the tag 'block' at line 1, column 4"))
    }

    @Test("broken sources are refused with their place")
    func syntax() {
        #expect(refusal("{{ x").contains("not closed"))
        #expect(refusal("{{ 'x }}").contains("a string is not closed"))
        #expect(refusal("{# x").contains("comment is not closed"))
        #expect(refusal("{% if x %}").contains("'endif' is missing"))
        #expect(refusal("{% endif %}").contains("'endif' without its beginning"))
        #expect(refusal("{% for in y %}").contains("expected 'in'"))
        #expect(refusal("{{ x y }}").contains("expected '}}', found 'y'"))
        #expect(refusal("{{ }}").contains("expected a value"))
        #expect(refusal("{{ ? }}").contains("unexpected character '?'"))
        #expect(refusal("{{ 99999999999999999999 }}").contains("too large"))
        #expect(refusal("{% break %}").contains("outside of a loop"))
        #expect(refusal("{{ f(a=1, 2) }}").contains("positional argument"))
    }

    @Test("deep and long sources are refused before they exhaust the stack")
    func nesting() {
        for source in [
            "{{ " + String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000) + " }}",
            "{{ " + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + " }}",
            "{{ " + String(repeating: "not ", count: 10_000) + "x }}",
            "{{ " + String(repeating: "- ", count: 10_000) + "x }}",
            "{{ a" + String(repeating: " or a", count: 10_000) + " }}",
            "{{ a" + String(repeating: " + a", count: 10_000) + " }}",
            "{{ a" + String(repeating: ".a", count: 10_000) + " }}",
            "{{ a" + String(repeating: "|trim", count: 10_000) + " }}",
            "{{ a" + String(repeating: " if a", count: 10_000) + " }}",
            String(repeating: "{% if x %}", count: 10_000), String(repeating: "{% for x in y %}", count: 10_000),
        ] {
            #expect(refusal(source).contains("levels of nesting"), "\(source.prefix(20))")
        }
    }

    @Test("a template of many parts in a row is no deep one")
    func longTemplates() {
        let source = String(repeating: "{{ a + b }}{% if a or b %}x{% endif %}", count: 2_000)
        #expect(refusal(source) == "none")
    }

    @Test("random sources are refused or accepted, never more")
    func randomSources() {
        let parts = [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", " ", "\n", "if", "for", "in", "else", "endif", "endfor",
            "set",
            "x", "'a'", "1", "(", ")", "[", "]", "{", "}", ":", ",", ".", "|", "trim", "is", "not", "defined", "=",
            "==",
            "~", "\\", "\"", "é", "~", "and", "or", "elif", "range", "%", "1.5", "\u{1F642}",
        ]
        var state: UInt64 = 21
        for _ in 0..<5_000 {
            let source = (0..<20).map { _ -> String in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return parts[Int(state >> 33) % parts.count]
            }.joined()
            _ = refusal(source)
        }
    }
}
