// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

/// What the text of an answer is looked through for, besides what is said to the reader.
package struct AnswerFormat: Sendable, Equatable {
    /// Whether reasoning is told apart from what is said.
    package var separatesReasoning = false
    /// The word that ends the reasoning inside which the prompt ended, by a template that opens it for the model.
    package var reasoningEnd: String?
    /// The tools that were offered; where there are none, calls are not looked for.
    package var tools: Set<String> = []

    /// Text that is all for the reader.
    package static let plain = AnswerFormat()

    /// A format as given.
    package init(separatesReasoning: Bool = false, reasoningEnd: String? = nil, tools: Set<String> = []) {
        self.separatesReasoning = separatesReasoning
        self.reasoningEnd = reasoningEnd
        self.tools = tools
    }

    /// Nothing is looked for.
    package var isPlain: Bool { self == .plain }

    /// The format of an answer to a conversation whose rendered prompt ends with these words of the template.
    init(of conversation: Conversation, ending: [UInt8]) {
        separatesReasoning = true
        let tail = ending[..<((ending.lastIndex { !AnswerMarkers.isSpace($0) } ?? -1) + 1)]
        let open = AnswerMarkers.reasoning.first { tail.ends(with: $0.begin) }
        reasoningEnd = open.map { String(decoding: $0.end, as: UTF8.self) }
        tools = Set(Self.names(ofTools: conversation.tools))
    }

    /// The names in a list of tools, in OpenAI's form or without its wrapping.
    private static func names(ofTools text: String?) -> [String] {
        guard let text, let list = try? JSONReader.read(Array(text.utf8)).list else { return [] }
        return list.compactMap { ($0["function"] ?? $0)["name"]?.text }
    }
}

/// The words by which models mark reasoning and calls in their answers.
enum AnswerMarkers {
    /// Around reasoning.
    struct Pair: Sendable {
        let begin: [UInt8]
        let end: [UInt8]

        init(_ begin: String, _ end: String) {
            self.begin = Array(begin.utf8)
            self.end = Array(end.utf8)
        }
    }

    /// Qwen, DeepSeek, SmolLM and their kin; Claude-like ones; Magistral.
    static let reasoning = [
        Pair("<think>", "</think>"), Pair("<thinking>", "</thinking>"), Pair("[THINK]", "[/THINK]"),
    ]
    static let mistralCalls = Array("[TOOL_CALLS]".utf8)
    static let mistralArguments = Array("[ARGS]".utf8)
    /// Between a name and its arguments, with an identifier that means nothing here.
    static let mistralIdentifier = Array("[CALL_ID]".utf8)
    static let deepSeekCalls = Array("<｜tool▁calls▁begin｜>".utf8)
    static let deepSeekCall = Array("<｜tool▁call▁begin｜>".utf8)
    static let deepSeekSeparator = Array("<｜tool▁sep｜>".utf8)
    static let deepSeekCallEnd = Array("<｜tool▁call▁end｜>".utf8)
    /// Before calls: Hermes and Qwen, Mistral, DeepSeek, Llama 3, Phi and Granite.
    static let calls =
        [mistralCalls, deepSeekCalls] + ["<tool_call>", "<|python_tag|>", "<|tool_call|>"].map { Array($0.utf8) }
    /// Behind the calls of a block, and behind one of DeepSeek's.
    static let blockEnds =
        [deepSeekCallEnd] + ["</tool_call>", "<｜tool▁calls▁end｜>", "<|/tool_call|>"].map { Array($0.utf8) }

    /// Everything that may stand between calls.
    static let betweenCalls = [deepSeekCall] + blockEnds + calls

    /// Whether a control token of this text is looked at; others mean nothing here.
    static func isMarker(_ text: [UInt8]) -> Bool {
        calls.contains(text) || blockEnds.contains(text) || text == deepSeekCall || text == deepSeekSeparator
            || text == mistralArguments || text == mistralIdentifier
            || reasoning.contains { $0.begin == text || $0.end == text }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension RandomAccessCollection where Element == UInt8 {
    /// Whether the last bytes are these.
    func ends(with other: [UInt8]) -> Bool { count >= other.count && suffix(other.count).elementsEqual(other) }
}
