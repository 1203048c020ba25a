// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Testing

@Suite("Lists that grow")
struct GrowingListTests {
    private func text(_ source: String) throws -> String {
        try template(source).text(ChatInput(messages: [], addsGenerationPrompt: false))
    }

    @Test(
        "a list grows for everyone who holds it, in loops and macros too",
        arguments: [
            ("{% set a = [] %}{% for i in range(3) %}{% set _ = a.append(i) %}{% endfor %}{{ a }}", "[0, 1, 2]"),
            ("{% set a = [1] %}{% set b = a %}{% set _ = b.append(2) %}{{ a }}{{ a == b }}", "[1, 2]True"),
            ("{% set a = [1] %}{% set b = a.copy() %}{% set _ = b.append(2) %}{{ a }}", "[1]"),
            ("{% set m = {'l': []} %}{% set _ = m.l.append('x') %}{{ m }}", "{'l': ['x']}"),
            ("{% set a = [] %}{% macro f(l) %}{% set _ = l.append(7) %}{% endmacro %}{{ f(a) }}{{ a }}", "[7]"),
            ("{% set a = [1] %}{{ a.append(2) }}", "None"),
        ])
    func grows(source: String, expected: String) throws {
        #expect(try text(source) == expected)
    }

    @Test(
        "a list that holds itself, or lists that hold one another in a long chain, are stopped and released",
        arguments: [
            "{% set a = [] %}{% set _ = a.append(a) %}{{ a }}",
            "{% set a = [] %}{% set _ = a.append(a) %}{{ a | tojson }}",
            "{% set a = [] %}{% set b = [] %}{% set _ = a.append(b) %}{% set _ = b.append(a) %}{{ a == b }}",
            """
            {% set ns = namespace(last=[]) %}{% set first = [ns.last] %}{% for i in range(20000) %}{% set inner = [] %}\
            {% set _ = ns.last.append([inner]) %}{% set ns.last = inner %}{% endfor %}{{ first }}
            """,
        ])
    func bounded(source: String) throws {
        let template = try template(source)
        #expect {
            try template.render(ChatInput(messages: [], addsGenerationPrompt: false))
        } throws: { error in
            guard case ChatTemplateError.limitExceeded = error else { return false }
            return true
        }
    }

    @Test("a tuple does not grow")
    func tuples() throws {
        #expect(throws: ChatTemplateError.self) { try text("{% set a = (1, 2) %}{{ a.append(3) }}") }
    }
}
