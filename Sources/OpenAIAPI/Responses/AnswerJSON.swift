// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What whole answers and streamed ones have in common, written by hand: it is the gateway's work for each token.
extension JSONText {
    /// One choice, whole or a part of a streamed one. `hasCalls`: it called tools, in this part or before.
    mutating func append(choice part: ChoicePart, of kind: JobKind, isWhole: Bool, hasCalls: Bool) {
        append(literal: "{\"index\":")
        append(number: part.index)
        if kind == .chat {
            append(literal: isWhole ? ",\"message\":{\"role\":\"assistant\"" : ",\"delta\":{")
            append(messageOf: part, isWhole: isWhole)
            append(literal: "},\"logprobs\":")
            append(chatLogprobs: part.logprobs)
        } else {
            append(literal: ",\"text\":")
            append(string: part.text)
            append(literal: ",\"logprobs\":")
            append(completionLogprobs: part.logprobs, textOffset: part.textOffset)
        }
        append(literal: ",\"finish_reason\":")
        append(optional: part.wireReason(hasCalls: hasCalls))
        append(literal: "}")
    }

    /// The members of a chat's message or delta behind its role; `isWhole` writes those that a message always has.
    private mutating func append(messageOf part: ChoicePart, isWhole: Bool) {
        var isFirst = !isWhole
        if isWhole || !part.text.isEmpty {
            append(member: "\"content\":", isFirst: &isFirst)
            append(optional: isWhole && part.text.isEmpty && !part.calls.isEmpty ? nil : part.text)
        }
        if !part.reasoning.isEmpty {
            append(member: "\"reasoning_content\":", isFirst: &isFirst)
            append(string: part.reasoning)
        }
        guard !part.calls.isEmpty else { return }
        append(member: "\"tool_calls\":[", isFirst: &isFirst)
        for (place, piece) in part.calls.enumerated() {
            if place > 0 { append(literal: ",") }
            append(piece, of: part.job, hasIndex: !isWhole)
        }
        append(literal: "]")
    }

    private mutating func append(member: StaticString, isFirst: inout Bool) {
        if !isFirst { append(literal: ",") }
        isFirst = false
        append(literal: member)
    }

    private mutating func append(_ piece: ToolCallPiece, of job: JobID, hasIndex: Bool) {
        append(literal: "{")
        if hasIndex {
            append(literal: "\"index\":")
            append(number: piece.call)
            append(literal: ",")
        }
        if let name = piece.name {
            append(literal: "\"id\":")
            append(string: ChoicePart.identifier(ofCall: piece.call, in: job))
            append(literal: ",\"type\":\"function\",\"function\":{\"name\":")
            append(string: name)
            append(literal: ",\"arguments\":")
        } else {
            append(literal: "\"function\":{\"arguments\":")
        }
        append(string: piece.arguments)
        append(literal: "}}")
    }

    /// The `logprobs` of a chat's choice: `null` where none were asked for.
    private mutating func append(chatLogprobs logprobs: [TokenLogprob]) {
        guard !logprobs.isEmpty else { return append(literal: "null") }
        append(literal: "{\"content\":[")
        for (place, logprob) in logprobs.enumerated() {
            append(literal: place > 0 ? ",{" : "{")
            append(candidate: logprob.chosen)
            append(literal: ",\"top_logprobs\":[")
            for (rank, candidate) in logprob.top.enumerated() {
                append(literal: rank > 0 ? ",{" : "{")
                append(candidate: candidate)
                append(literal: "}")
            }
            append(literal: "]}")
        }
        append(literal: "],\"refusal\":null}")
    }

    private mutating func append(candidate: TokenLogprob.Candidate) {
        append(literal: "\"token\":")
        append(string: String(decoding: candidate.bytes, as: UTF8.self))
        append(literal: ",\"logprob\":")
        append(raw: candidate.logarithm.description)
        append(literal: ",\"bytes\":[")
        for (place, byte) in candidate.bytes.enumerated() {
            if place > 0 { append(literal: ",") }
            append(number: Int(byte))
        }
        append(literal: "]")
    }

    /// The `logprobs` of a completion's choice, lists beside each other; `null` where none were asked for.
    private mutating func append(completionLogprobs logprobs: [TokenLogprob], textOffset: Int) {
        guard !logprobs.isEmpty else { return append(literal: "null") }
        let texts = logprobs.map { String(decoding: $0.chosen.bytes, as: UTF8.self) }
        append(literal: "{\"tokens\":[")
        for (place, text) in texts.enumerated() {
            if place > 0 { append(literal: ",") }
            append(string: text)
        }
        append(literal: "],\"token_logprobs\":[")
        append(raw: logprobs.map { $0.chosen.logarithm.description }.joined(separator: ","))
        append(literal: "],\"top_logprobs\":[")
        for (place, logprob) in logprobs.enumerated() {
            append(literal: place > 0 ? ",{" : "{")
            // Two tokens can have the same text; an object tells the likelier one.
            var told: Set<String> = []
            for candidate in logprob.top {
                let text = String(decoding: candidate.bytes, as: UTF8.self)
                guard told.insert(text).inserted else { continue }
                if told.count > 1 { append(literal: ",") }
                append(string: text)
                append(literal: ":")
                append(raw: candidate.logarithm.description)
            }
            append(literal: "}")
        }
        append(literal: "],\"text_offset\":[")
        var offset = textOffset
        for (place, text) in texts.enumerated() {
            if place > 0 { append(literal: ",") }
            append(number: offset)
            offset += text.count
        }
        append(literal: "]}")
    }

    /// The counts of an answer, an object.
    mutating func append(usage: TokenUsage) {
        append(literal: "{\"prompt_tokens\":")
        append(number: usage.promptTokens)
        append(literal: ",\"completion_tokens\":")
        append(number: usage.completionTokens)
        append(literal: ",\"total_tokens\":")
        append(number: usage.totalTokens)
        append(literal: "}")
    }
}
