// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import FlowServe

/// Reasoning and calls in the forms that models write them, in whatever pieces they come.
@Suite("Answers told apart")
struct AnswerParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var format = AnswerFormat(separatesReasoning: true, tools: ["weather", "sum"])
        let text: String
        var content = ""
        var reasoning = ""
        /// Name and arguments.
        var calls: [[String]] = []

        var testDescription: String { name }
    }

    private static let arguments = #"{"city": "Köln \"am\" }Rhein", "days": [1, {"a": 2}]}"#

    private static let cases: [Case] = [
        Case(name: "plain", text: "Hello {world} <b>", content: "Hello {world} <b>"),
        Case(name: "reasoning", text: "<think>\nhm <b>\n</think>\n\nYes.", content: "Yes.", reasoning: "hm <b>"),
        Case(
            name: "reasoning that the template began",
            format: AnswerFormat(separatesReasoning: true, reasoningEnd: "</think>"),
            text: "hm</think>\nYes </think>", content: "Yes </think>", reasoning: "hm"),
        Case(name: "reasoning without an end", text: "<think>one </thin", reasoning: "one </thin"),
        Case(name: "Magistral", text: "[THINK]a[/THINK]b", content: "b", reasoning: "a"),
        Case(name: "no reasoning after words", text: "a <think>b</think>", content: "a <think>b</think>"),
        Case(
            name: "Hermes", text: "<tool_call>\n{\"name\": \"weather\", \"arguments\": \(arguments)}\n</tool_call>",
            calls: [["weather", arguments]]),
        Case(
            name: "Qwen, two calls after words and reasoning",
            text:
                "<think>t</think>I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"a\": 1}}\n</tool_call>\n"
                + "<tool_call>\n{\"arguments\": {}, \"name\": \"sum\"}\n</tool_call>",
            content: "I look.\n", reasoning: "t", calls: [["weather", "{\"a\": 1}"], ["sum", "{}"]]),
        Case(
            name: "Mistral",
            text: "[TOOL_CALLS] [{\"name\": \"sum\", \"arguments\": {\"x\": 1}}, "
                + "{\"name\": \"weather\", \"arguments\": {}}]",
            calls: [["sum", "{\"x\": 1}"], ["weather", "{}"]]),
        Case(
            name: "Mistral, newer", text: "[TOOL_CALLS]sum[ARGS]{\"x\": 1}[TOOL_CALLS]weather[ARGS]{\"y\": 2}",
            calls: [["sum", "{\"x\": 1}"], ["weather", "{\"y\": 2}"]]),
        Case(
            name: "DeepSeek V3",
            text: "Well<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>sum\n```json\n{\"x\": 1}\n```"
                + "<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{}\n```"
                + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            content: "Well", calls: [["sum", "{\"x\": 1}"], ["weather", "{}"]]),
        Case(
            name: "DeepSeek V3.1",
            text: "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>sum<｜tool▁sep｜>{\"x\": 1}<｜tool▁call▁end｜>"
                + "<｜tool▁call▁begin｜>sum<｜tool▁sep｜>{\"x\": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            calls: [["sum", "{\"x\": 1}"], ["sum", "{\"x\": 2}"]]),
        Case(
            name: "Llama 3", text: #"{"name": "weather", "parameters": {"city": "Rome"}}"#,
            calls: [["weather", #"{"city": "Rome"}"#]]),
        Case(
            name: "Llama 3 with its tag", text: #"<|python_tag|>{"type": "function", "name": "f", "parameters": {}}"#,
            calls: [["f", "{}"]]),
        Case(
            name: "Llama 3, several",
            text: #"{"name": "sum", "parameters": {"a": 1}}; {"name": "sum", "parameters": {}}"#,
            calls: [["sum", #"{"a": 1}"#], ["sum", "{}"]]),
        Case(
            name: "a bare list, OpenAI's form, arguments as text",
            text: #"[{"type": "function", "function": {"name": "sum", "arguments": "{\"a\": 1}"}}]"#,
            calls: [["sum", #"{"a": 1}"#]]),
        Case(
            name: "arguments as a text with escapes, a pair and a line",
            text:
                "<tool_call>{\"name\": \"sum\", \"arguments\": \"{\\\"a\\\": \\\"\\ud83d\\ude00\\\\n\n\\\"}\"}</tool_call>",
            calls: [["sum", "{\"a\": \"😀\\n\n\"}"]]),
        Case(
            name: "Mistral with identifiers", text: "[TOOL_CALLS]sum[CALL_ID]x1[ARGS]{\"x\": 1}",
            calls: [["sum", "{\"x\": 1}"]]),
        Case(
            name: "Mistral, no object behind the name", text: "[TOOL_CALLS]sum[ARGS]!x", content: "!x",
            calls: [["sum", "{}"]]),
        Case(
            name: "Magistral's reasoning that the template began",
            format: AnswerFormat(separatesReasoning: true, reasoningEnd: "[/THINK]"), text: "a</think>[/THINK]b",
            content: "b", reasoning: "a</think>"),
        Case(name: "no arguments", text: #"{"name": "sum"}"#, calls: [["sum", "{}"]]),
        Case(name: "arguments are null", text: #"{"name": "sum", "arguments": null}"#, calls: [["sum", "{}"]]),
        Case(
            name: "an object that is an answer", text: #"{"name": "Anna", "age": 7}"#,
            content: #"{"name": "Anna", "age": 7}"#),
        Case(
            name: "a list that is an answer", text: "[1, 2, {\"name\": \"sum\"}]",
            content: "[1, 2, {\"name\": \"sum\"}]"),
        Case(
            name: "tools were not offered", format: AnswerFormat(separatesReasoning: true),
            text: "<tool_call>{\"name\": \"sum\"}</tool_call>", content: "<tool_call>{\"name\": \"sum\"}</tool_call>"),
        Case(
            name: "a call that is none", text: "a <tool_call>nothing</tool_call> b",
            content: "a <tool_call>nothing</tool_call> b"),
        Case(name: "an empty block", text: "<tool_call></tool_call>", content: "<tool_call></tool_call>"),
        Case(name: "a marker that never ends", text: "a <tool_ca", content: "a <tool_ca"),
        Case(
            name: "a call without an end", text: "<tool_call>{\"name\": \"sum\", \"arguments\": {\"a\": ",
            calls: [["sum", "{\"a\": "]]),
        Case(name: "a name without an end", text: "<tool_call>{\"name\": \"su", content: "<tool_call>{\"name\": \"su"),
        Case(
            name: "an answer that has a tool's name and more members",
            text: #"{"name": "sum", "arguments": {"a": 1}, "note": "x"}"#,
            content: #"{"name": "sum", "arguments": {"a": 1}, "note": "x"}"#),
        Case(
            name: "an answer whose type is no function's", text: #"{"type": "person", "name": "sum"}"#,
            content: #"{"type": "person", "name": "sum"}"#),
        Case(
            name: "an answer whose arguments are a list", text: #"{"name": "sum", "arguments": [1]}"#,
            content: #"{"name": "sum", "arguments": [1]}"#),
        Case(
            name: "a list of calls and more",
            text: #"[{"name": "sum", "arguments": {}}, {"name": "sum", "age": 7}]"#,
            content: #"[{"name": "sum", "arguments": {}}, {"name": "sum", "age": 7}]"#),
        Case(
            name: "an object without an end", text: #"{"name": "sum", "arguments": {"a": "#,
            content: #"{"name": "sum", "arguments": {"a": "#),
        Case(
            name: "a call with its identifier and type", text: #"{"id": "x1", "type": "function", "name": "sum"}"#,
            calls: [["sum", "{}"]]),
        Case(
            name: "a brace too many behind a call",
            text: "<tool_call>\n{\"name\": \"sum\", \"arguments\": {\"a\": 1}}}\n</tool_call>\n",
            calls: [["sum", "{\"a\": 1}"]]),
        Case(
            name: "words between a call and its end marker",
            text: "<tool_call>{\"name\": \"sum\"} so</tool_call> Done. <tool_call>{\"name\": \"sum\"}</tool_call>",
            content: "so Done. ", calls: [["sum", "{}"], ["sum", "{}"]]),
        Case(
            name: "something else than a call behind a call",
            text: "<tool_call>{\"name\": \"sum\"}\n{so}</tool_call>", content: "{so}", calls: [["sum", "{}"]]),
        Case(
            name: "arguments that the end marker cuts off",
            text: "<tool_call>{\"name\": \"sum\", \"arguments\": {\"a\": 1</tool_call>Done.", content: "Done.",
            calls: [["sum", "{\"a\": 1"]]),
        Case(
            name: "words behind the arguments of DeepSeek's calls",
            text: "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>sum<｜tool▁sep｜>{} a<｜tool▁call▁end｜>"
                + "<｜tool▁call▁begin｜>sum<｜tool▁sep｜>{\"x\": 2} b<｜tool▁call▁end｜><｜tool▁calls▁end｜>c",
            content: "a" + "b" + "c", calls: [["sum", "{}"], ["sum", "{\"x\": 2}"]]),
        Case(
            name: "words behind calls", text: "<tool_call>{\"name\": \"sum\"}</tool_call>\n\nDone.", content: "Done.",
            calls: [["sum", "{}"]]),
    ]

    private struct Outcome: Equatable {
        var content = ""
        var reasoning = ""
        var calls: [[String]] = []

        mutating func add(_ pieces: AnswerPieces) {
            content += String(decoding: pieces.content, as: UTF8.self)
            reasoning += String(decoding: pieces.reasoning, as: UTF8.self)
            for piece in pieces.calls {
                if let name = piece.name { calls.append([name, ""]) }
                guard piece.call == calls.count - 1 else { return calls.append(["a piece of no call"]) }
                calls[piece.call][1] += piece.arguments
            }
        }
    }

    private func parse(_ text: String, _ format: AnswerFormat, pieces cut: (Int) -> Int) -> Outcome {
        var parser = AnswerParser(format)
        var outcome = Outcome()
        var rest = Substring(text)
        var place = 0
        while !rest.isEmpty {
            let count = max(1, cut(place))
            place += 1
            outcome.add(parser.append(Array(rest.prefix(count).utf8)))
            rest = rest.dropFirst(count)
        }
        outcome.add(parser.finish())
        return outcome
    }

    @Test("what is said, thought and called, in any pieces", arguments: cases)
    func toldApart(item: Case) {
        let expected = Outcome(content: item.content, reasoning: item.reasoning, calls: item.calls)
        #expect(parse(item.text, item.format) { _ in item.text.count } == expected)
        #expect(parse(item.text, item.format) { _ in 1 } == expected)
        for seed in 1...50 {
            var state = UInt64(seed)
            let outcome = parse(item.text, item.format) { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return Int(state >> 60)
            }
            #expect(outcome == expected)
        }
    }

    @Test("arguments come while they are written, not at their end")
    func streamed() {
        var parser = AnswerParser(AnswerFormat(tools: ["sum"]))
        _ = parser.append(Array(#"<tool_call>{"name": "sum", "arguments": {"a"#.utf8))
        #expect(parser.append(Array(#"": 12"#.utf8)).calls == [ToolCallPiece(call: 0, arguments: #"": 12"#)])
        #expect(parser.append(Array("3}".utf8)).calls == [ToolCallPiece(call: 0, arguments: "3}")])
    }

    @Test("a call without a marker is told before its arguments are more than may be held back")
    func longBareCall() {
        let arguments = #"{"note": ""# + String(repeating: "x", count: 2 * AnswerParser.maxHeld) + #""}"#
        var parser = AnswerParser(AnswerFormat(tools: ["sum"]))
        let first = parser.append(Array(#"{"name": "sum", "arguments": \#(arguments)"#.utf8))
        #expect(first.calls == [ToolCallPiece(call: 0, name: "sum", arguments: arguments)] && first.content.isEmpty)
        #expect(parser.append([UInt8(ascii: "}")]) == AnswerPieces() && parser.finish() == AnswerPieces())
    }

    @Test("a list of calls and of more than may be held back keeps its text and its count")
    func longBareList() {
        let text = #"[{"name": "sum"}, {"arguments": {"a": ""# + String(repeating: "x", count: AnswerParser.maxHeld)
        var parser = AnswerParser(AnswerFormat(tools: ["sum"]))
        let first = parser.append(Array(text.utf8))
        #expect(first.content == Array(text.utf8) && first.calls.isEmpty)
        let next = parser.append(Array("<tool_call>{\"name\": \"sum\"}</tool_call>".utf8))
        #expect(next.calls == [ToolCallPiece(call: 0, name: "sum", arguments: "{}")])
    }

    @Test("what is held back is bounded, and nothing is lost")
    func bounded() {
        let text = #"{"note": ""# + String(repeating: "x", count: 3 * AnswerParser.maxHeld)
        var parser = AnswerParser(AnswerFormat(tools: ["sum"]))
        let said = parser.append(Array(text.utf8))
        #expect(said.content.count >= 2 * AnswerParser.maxHeld)
        #expect(said.content + parser.finish().content == Array(text.utf8))
    }
}
