// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Testing

@Suite("Macros and blocks")
struct MacroTests {
    private func render(_ source: String, limits: RenderLimits = RenderLimits()) throws -> String {
        let program = try ChatTemplateCompiler.program(for: source)
        let template = try program.withUnsafeBytes { try ChatTemplate(verifying: $0) }
        let input = ChatInput(messages: [TemplateMessage(role: "user", content: "hi")], addsGenerationPrompt: true)
        return try template.text(input, limits: limits)
    }

    private func refusal(_ source: String, limits: RenderLimits = RenderLimits()) -> String {
        do {
            _ = try render(source, limits: limits)
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test("a generation block is its body")
    func generation() throws {
        #expect(
            try render("{% for m in messages %}a{% generation %}{{ m.content }}{% endgeneration %}b{% endfor %}")
                == "ahib")
    }

    @Test("named arguments keep the order in which they were written")
    func order() throws {
        #expect(try render("{{ dict(b=1, a=2) }}") == "{'b': 1, 'a': 2}")
        #expect(try render("{{ dict({'z': 1, 'y': 2}, b=3, z=4) }}") == "{'z': 4, 'y': 2, 'b': 3}")
        #expect(try render("{% macro f() %}{{ kwargs }}{% endmacro %}{{ f(z=1, b=2) }}") == "{'z': 1, 'b': 2}")
    }

    @Test("a text is cut at no length that is too large for a number")
    func longestLeeway() throws {
        #expect(try render("{{ 'hello' | truncate(9223372036854775807, leeway=9223372036854775807) }}") == "hello")
        #expect(try render("{{ 'a b'.split(none, 9223372036854775807) | join('+') }}") == "a+b")
    }

    @Test("a macro that calls itself for ever is stopped")
    func endless() {
        let text = refusal("{% macro f() %}{{ f() }}{% endmacro %}\n{{ f() }}")
        #expect(text.contains("parts inside one another") && text.contains("line 1"))
    }

    @Test("macros inside one another, each as deep as a template may be, do not exhaust the stack")
    func deepMacros() {
        let ifs = 30
        let lists = 28
        let source =
            "{% macro f() %}" + String(repeating: "{% if true %}", count: ifs) + "{{ "
            + String(repeating: "[", count: lists) + "f()" + String(repeating: "]", count: lists) + " }}"
            + String(repeating: "{% endif %}", count: ifs) + "{% endmacro %}{{ f() }}"
        #expect(refusal(source).contains("parts inside one another"))
    }

    @Test("a macro that loops for ever, nests 10,000 deep or makes a gigabyte is a clear error")
    func limits() {
        #expect(
            refusal("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}").contains("steps"))
        #expect(
            refusal(String(repeating: "{% if true %}", count: 10_000)).contains("levels of nesting"))
        #expect(
            refusal("{{ " + String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000) + " }}")
                .contains("levels of nesting"))
        #expect(refusal("{{ 'x' * 1000000000 }}").contains("bytes of text"))
        let doubling =
            "{% macro d(s) %}{{ s }}{{ s }}{% endmacro %}{% set ns = namespace(s='x') %}"
            + "{% for i in range(40) %}{% set ns.s = d(ns.s) %}{% endfor %}{{ ns.s }}"
        #expect(refusal(doubling).contains("exceeded"))
    }

    @Test("values that hold one another without end are stopped, and released")
    func endlessValues() {
        let nested =
            "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = VALUE %}{% endfor %}{{ ns.x }}"
        for value in ["[ns.x]", "{'a': ns.x}", "[ns.x].items", "(ns.x,)", "ns.x | batch(1) | list", "[ns.x, ns.x]"] {
            let text = refusal(nested.replacing("VALUE", with: value))
            #expect(text.contains("lists inside one another") || text.contains("exceeded") || text == "none", "\(text)")
        }
        #expect(refusal(nested.replacing("VALUE", with: "namespace(y=ns.x)")).contains("namespaces"))
        #expect(
            refusal(nested.replacing("VALUE", with: "1") + "{% for a in [ns] %}{% set ns.x = loop %}{% endfor %}")
                == "none")
        let wide = "{% set ns = namespace(x=['ab']) %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
        for use in ["{{ ns.x }}", "{{ ns.x | tojson }}", "{{ ns.x == ns.x }}", "{{ [ns.x] | unique | list }}"] {
            #expect(refusal(wide + use).contains("exceeded"), "\(use)")
        }
    }

    @Test("what a message says stays data through macros and filters")
    func origin() throws {
        let source =
            "{% macro turn(t) %}<|user|>{{ t }}{% endmacro %}{% filter upper %}{{ turn(messages[0].content) }}{% endfilter %}"
        let program = try ChatTemplateCompiler.program(for: source)
        let template = try program.withUnsafeBytes { try ChatTemplate(verifying: $0) }
        let input = ChatInput(messages: [TemplateMessage(role: "user", content: "hi")], addsGenerationPrompt: false)
        let segments = try template.render(input)
        #expect(segments.map(\.origin) == [.template, .data])
        #expect(segments.map { String(decoding: $0.bytes, as: UTF8.self) } == ["<|USER|>", "HI"])
    }

    @Test("wrong blocks name their place")
    func wrong() {
        #expect(refusal("{% macro f( %}").contains("line 1"))
        #expect(refusal("{% call 3 %}{% endcall %}").contains("'call' needs a call"))
        #expect(refusal("{% endmacro %}").contains("'endmacro' without its beginning"))
        #expect(refusal("{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}").contains("does not take these arguments"))
    }
}
