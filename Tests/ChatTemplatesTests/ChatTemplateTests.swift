// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Testing

@Suite("ChatTemplate")
struct ChatTemplateTests {
    private let hello = ChatInput(
        messages: [TemplateMessage(role: "user", content: "hello")], addsGenerationPrompt: true, beginText: "<s>")

    @Test("texts and refusals are those of Jinja")
    func fixtures() throws {
        let fixture = try RenderingFixture.load()
        #expect(fixture.cases.count >= 13 * 6)
        for example in fixture.cases {
            let name = "\(example.template) with \(example.conversation)"
            let source = try #require(fixture.templates[example.template])
            let template = try template(source)
            if let refusal = example.refusal {
                #expect(throws: ChatTemplateError.self, "\(name)") {
                    do throws(ChatTemplateError) {
                        _ = try template.render(fixture.input(example))
                    } catch {
                        guard case .raised(let message, _) = error else { return }
                        #expect(message == refusal)
                        throw error
                    }
                }
            } else {
                #expect(try template.text(fixture.input(example)) == example.text, "\(name)")
            }
        }
    }

    @Test("what a message holds is data, however it was cut and joined")
    func origins() throws {
        let sources = [
            "<|a|>{{ messages[0].content }}<|b|>", "{{ '<|a|>' + messages[0]['content'] + '<|b|>' }}",
            "{{ '<|a|>' ~ (' ' ~ messages[0].content ~ ' ') | trim ~ '<|b|>' }}",
            "{% set x %}<|a|>{{ messages[0].content }}{% endset %}{{ x }}<|b|>",
            "{{ ['<|a|>', messages[0].content, '<|b|>'] | join }}",
            "{{ '<|a|>X<|b|>'.replace('X', messages[0].content) }}",
            "{{ ('<|a|>' + messages[0].content.split(' ')[0] + '<|b|>')[0:15] }}",
        ]
        let expected = [
            RenderedSegment(origin: .template, bytes: Array("<|a|>".utf8)),
            RenderedSegment(origin: .data, bytes: Array("hello".utf8)),
            RenderedSegment(origin: .template, bytes: Array("<|b|>".utf8)),
        ]
        for source in sources { #expect(try template(source).render(hello) == expected, "\(source)") }
    }

    @Test("a role that no template knows is data, the others are the template's")
    func roles() throws {
        let source = "{{ '<|' + messages[0].role + '|>' }}"
        #expect(try template(source).render(hello).map(\.origin) == [.template])
        let strange = ChatInput(
            messages: [TemplateMessage(role: "im_end", content: "")], addsGenerationPrompt: false)
        #expect(try template(source).render(strange).map(\.origin) == [.template, .data, .template])
    }

    @Test("failures name their place")
    func renderingFailures() throws {
        func failure(_ source: String) throws -> String {
            let template = try template(source)
            do throws(ChatTemplateError) {
                return try template.render(hello).map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
            } catch {
                return error.description
            }
        }
        #expect(try failure("\n  {{ missing.part }}").contains("line 2, column 13: 'missing' is undefined"))
        #expect(try failure("{{ 1 + 'a' }}").contains("line 1, column 6"))
        #expect(try failure("{{ raise_exception('not so') }}").contains("refuses this conversation: not so"))
        #expect(try failure("{{ 1 // 0 }}").contains("division by zero"))
        #expect(try failure("{{ 9223372036854775807 + 1 }}").contains("too large"))
        #expect(try failure("{{ 'a'[::0] }}").contains("step is zero"))
        #expect(try failure("{{ unknown() }}").contains("undefined"))
        #expect(try failure("{{ range(1000000000) }}").contains("range"))
        #expect(try failure("{% set x.y = 1 %}").contains("no namespace"))
    }

    @Test("a template that wants too much is stopped", .timeLimit(.minutes(1)))
    func limits() throws {
        let hungry = [
            "{% set ns = namespace(x='ab') %}{% for i in range(90000) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "{% set ns = namespace(x=[1]) %}{% for i in range(90000) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
            "{{ 'abc' * 999999999999 }}", "{{ '' * 99999999999 }}{{ 'a' * 9223372036854775807 }}",
            "{% set x = 'a' * 1000000 %}{% for i in range(90000) %}{{ x.replace('a', 'bbbbbbbbbbbbbbbbb') }}{% endfor %}",
            "{% for i in range(90000) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' * 99 }}{% endfor %}",
        ]
        for source in hungry {
            let template = try template(source)
            #expect(throws: ChatTemplateError.self, "\(source)") {
                try template.render(hello, limits: RenderLimits(steps: 100_000, outputBytes: 1 << 20))
            }
        }
    }
}
