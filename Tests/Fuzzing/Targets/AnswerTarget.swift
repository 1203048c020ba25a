// SPDX-License-Identifier: Apache-2.0
internal import FlowServe
internal import ServingModel

extension FuzzTarget {
    /// What tells reasoning and calls apart in an answer. The first byte chooses the format; the text comes in one piece
    /// and character by character, which has to tell the same.
    static let answer = FuzzTarget(
        "answer", longest: 1 << 12,
        words: [
            "<think>", "</think>", "[THINK]", "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]",
            "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>",
            "<｜tool▁calls▁end｜>", "<|python_tag|>", "\"name\"", "\"arguments\"", "\"parameters\"", "\"function\"",
            "sum", "```json", "\\u0041", "\\ud83d\\ude00", "null", "{}", "[{",
        ]
    ) { bytes in
        guard let first = bytes.first else { return }
        let format = AnswerFormat(
            separatesReasoning: first & 1 == 1, reasoningEnd: first & 2 == 2 ? "</think>" : nil,
            tools: first & 4 == 4 ? ["sum", "f"] : [])
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        let whole = told(format, [Array(text.utf8)])
        let parts = told(format, text.unicodeScalars.map { Array(String($0).utf8) })
        precondition(whole == parts, "the pieces of a text change what it tells")
        precondition(whole.said <= text.utf8.count + 2 * whole.calls.count, "more is told than was said")
    }

    private struct Told: Equatable {
        var content: [UInt8] = []
        var reasoning: [UInt8] = []
        var calls: [String] = []

        /// Bytes that were told.
        var said: Int { content.count + reasoning.count + calls.reduce(0) { $0 + $1.utf8.count - 1 } }
    }

    private static func told(_ format: AnswerFormat, _ pieces: [[UInt8]]) -> Told {
        var parser = AnswerParser(format)
        var told = Told()
        for part in pieces.map({ parser.append($0) }) + [parser.finish()] {
            told.content += part.content
            told.reasoning += part.reasoning
            for piece in part.calls {
                if let name = piece.name { told.calls.append(name + " ") }
                precondition(piece.call == told.calls.count - 1, "a piece belongs to no call")
                told.calls[piece.call] += piece.arguments
            }
        }
        return told
    }
}
