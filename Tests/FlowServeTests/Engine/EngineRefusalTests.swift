// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import TestSupport
import Testing

@testable import FlowServe

@Suite("Refusals of the engine")
struct EngineRefusalTests {
    @Test("A prompt that fills the context is refused with both numbers")
    func contextExceeded() throws {
        let fixture = try EngineFixture(contextLength: 50)
        for count in [50, 51, 400] {
            let answer = fixture.answer(.of(UInt64(count), String(repeating: "x", count: count)))
            #expect(answer.failure == .contextLengthExceeded)
            #expect(answer.message.contains("\(count) tokens"))
            #expect(answer.message.contains("holds 50"))
        }
        #expect(fixture.answer(.of(1, String(repeating: "x", count: 49))).outcome?.completionTokens == 1)
    }

    @Test("A memory smaller than the context is the bound, and the message says so")
    func memoryExceeded() throws {
        let fixture = try EngineFixture(contextLength: 512, blocks: 2)
        let answer = fixture.answer(.of(1, String(repeating: "x", count: 64)))
        #expect(answer.failure == .contextLengthExceeded)
        #expect(answer.message.contains("memory holds 64"))
        #expect(fixture.answer(.of(2, "x", maximumTokens: nil)).outcome?.completionTokens == 63)
    }

    @Test("Without a maximum, and with one beyond the context, an answer ends where the context does")
    func endOfContext() throws {
        let fixture = try EngineFixture(contextLength: 60)
        for maximum in [nil, 1000] as [Int?] {
            let answer = fixture.answer(.of(UInt64(maximum ?? 1), "hello", maximumTokens: maximum))
            #expect(answer.promptTokens == 1)
            #expect(answer.outcome?.reason == .length)
            #expect(answer.outcome?.completionTokens == 59)
        }
    }

    @Test(
        "What is out of bounds is refused with a reason",
        arguments: [
            (TaskSubmission.of(1, ""), "prompt is empty"),
            (TaskSubmission.of(1, maximumTokens: 0), "at least 1"),
            (TaskSubmission.of(1, maximumTokens: -5), "is -5"),
            (TaskSubmission.of(1, temperature: -0.5), "temperature is -0.5"),
            (TaskSubmission.of(1, temperature: 2.5), "between 0 and 2"),
            (TaskSubmission.of(1, temperature: .nan), "temperature is nan"),
            (TaskSubmission.of(1, topK: -1), "top_k is -1"),
            (TaskSubmission.of(1, stop: [""]), "stop string has 0 bytes"),
            (TaskSubmission.of(1, stop: [String(repeating: "x", count: 257)]), "257 bytes"),
            (TaskSubmission.of(1, stop: Array(repeating: "x", count: 17)), "17 stop strings"),
            (TaskSubmission.of(1, generated: [5, 100_000]), "outside this model's vocabulary"),
            (TaskSubmission.of(1, generated: [-1]), "outside this model's vocabulary"),
        ])
    func outOfBounds(submission: TaskSubmission, reason: String) throws {
        let answer = try EngineFixture().answer(submission)
        #expect(answer.failure == .invalidRequest)
        #expect(answer.message.contains(reason), "\(answer.message)")
        #expect(answer.promptTokens == nil)
    }

    @Test("An empty conversation is refused, and any conversation where there is no template")
    func conversations() throws {
        var submission = TaskSubmission.of(1)
        let sampling = SamplingParameters(temperature: 0, seed: 7, maximumTokens: 40, ignoresEndOfSequence: true)
        submission.work = .answer(.chat(Conversation([])), sampling)
        #expect(try EngineFixture().answer(submission).message.contains("list of messages is empty"))
        submission.work = .answer(.chat(Conversation([ChatMessage(role: "user", content: "hello")])), sampling)
        #expect(try EngineFixture().answer(submission).outcome?.completionTokens == 40)
        #expect(try EngineFixture(template: nil).answer(submission).message.contains("no chat template"))
    }

    @Test(
        "A template without end is refused with what it exceeded and where, and the engine lives on",
        arguments: [
            ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "500 parts inside one another at line 1"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}{% set x = a * b %}{% endfor %}{% endfor %}",
                "2000000 steps"
            ),
            (
                "{% set ns = namespace(x='0123456789') %}{% for i in range(30) %}{% set ns.x = ns.x * 10 %}{% endfor %}",
                "16777216 bytes of text"
            ),
            ("{% for m in messages %}\n{{ 'ab' * 1000000000 }}{% endfor %}", "16777216 bytes of text at line 2"),
            (
                "{% set ns = namespace(x=[]) %}{% for i in range(10000) %}{% set ns.x = [ns.x] %}{% endfor %}",
                "100 lists inside one another"
            ),
        ])
    func endlessTemplates(template: String, limit: String) throws {
        let fixture = try EngineFixture(template: template.replacing("\\n", with: "\n"))
        var submission = TaskSubmission.of(1)
        let sampling = SamplingParameters(temperature: 0, seed: 7, maximumTokens: 40, ignoresEndOfSequence: true)
        submission.work = .answer(.chat(Conversation([ChatMessage(role: "user", content: "hello")])), sampling)
        let answer = fixture.answer(submission)
        #expect(answer.failure == .invalidRequest)
        #expect(
            answer.message.contains("chat template exceeded") && answer.message.contains(limit), "\(answer.message)")
        #expect(fixture.answer(.of(2)).outcome?.completionTokens == 40)
    }

    @Test("A template that nests 10,000 deep cannot be packed")
    func nestedTemplate() {
        for (opening, closing) in [("(", ")"), ("[", "]"), ("a[", "]"), ("not ", ""), ("{% if a %}", "{% endif %}")] {
            let nested =
                String(repeating: opening, count: 10_000) + "a" + String(repeating: closing, count: 10_000)
            let template = opening.hasPrefix("{") ? nested : "{{ \(nested) }}"
            #expect {
                _ = try EngineFixture(template: template)
            } throws: { error in
                "\(error)".contains("levels of nesting at line 1")
            }
        }
    }

    @Test("More tasks than the instance may have are refused as overloaded")
    func overloaded() throws {
        let fixture = try EngineFixture(maximumTasks: 2)
        for task in 1...3 as ClosedRange<UInt64> { fixture.engine.submit(.of(task)) }
        let answers = fixture.run()
        #expect(answers[TaskID(rawValue: 3)]?.failure == .overloaded)
        #expect(answers[TaskID(rawValue: 2)]?.tokens.count == 40)
        #expect(fixture.answer(.of(4)).tokens.count == 40)
    }
}
