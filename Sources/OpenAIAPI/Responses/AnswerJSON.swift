// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What whole answers and streamed ones have in common, written by hand: it is the gateway's work for each token.
extension JSONText {
    /// One choice, whole or a part of a streamed one. `hasCalls`: it called tools, in this part or before.
    mutating func append(choice part: ChoicePart, of kind: JobKind, isWhole: Bool, hasCalls: Bool) {
        append(raw: "{\"index\":")
        append(number: part.index)
        if kind == .chat {
            append(raw: isWhole ? ",\"message\":{\"role\":\"assistant\"" : ",\"delta\":{")
            append(messageOf: part, isWhole: isWhole)
            append(raw: "},\"logprobs\":")
            append(chatLogprobs: part.logprobs)
        } else {
            append(raw: ",\"text\":")
            append(string: part.text)
            append(raw: ",\"logprobs\":")
            append(completionLogprobs: part.logprobs, textOffset: part.textOffset)
        }
        append(raw: ",\"finish_reason\":")
        append(optional: part.wireReason(hasCalls: hasCalls))
        append(raw: "}")
    }

    /// The members of a chat's message or delta behind its role; `isWhole` writes those that a message always has.
    private mutating func append(messageOf part: ChoicePart, isWhole: Bool) {
        var separator = isWhole ? "," : ""
        func next() -> String {
            defer { separator = "," }
            return separator
        }
        if isWhole || !part.text.isEmpty {
            append(raw: next() + "\"content\":")
            append(optional: isWhole && part.text.isEmpty && !part.calls.isEmpty ? nil : part.text)
        }
        if !part.reasoning.isEmpty {
            append(raw: next() + "\"reasoning_content\":")
            append(string: part.reasoning)
        }
        guard !part.calls.isEmpty else { return }
        append(raw: next() + "\"tool_calls\":[")
        for (place, piece) in part.calls.enumerated() {
            if place > 0 { append(raw: ",") }
            append(piece, of: part.job, hasIndex: !isWhole)
        }
        append(raw: "]")
    }

    private mutating func append(_ piece: ToolCallPiece, of job: JobID, hasIndex: Bool) {
        append(raw: "{")
        if hasIndex {
            append(raw: "\"index\":")
            append(number: piece.call)
            append(raw: ",")
        }
        if let name = piece.name {
            append(raw: "\"id\":")
            append(string: ChoicePart.identifier(ofCall: piece.call, in: job))
            append(raw: ",\"type\":\"function\",\"function\":{\"name\":")
            append(string: name)
            append(raw: ",\"arguments\":")
        } else {
            append(raw: "\"function\":{\"arguments\":")
        }
        append(string: piece.arguments)
        append(raw: "}}")
    }

    /// The `logprobs` of a chat's choice: `null` where none were asked for.
    private mutating func append(chatLogprobs logprobs: [TokenLogprob]) {
        guard !logprobs.isEmpty else { return append(raw: "null") }
        append(raw: "{\"content\":[")
        for (place, logprob) in logprobs.enumerated() {
            append(raw: place > 0 ? ",{" : "{")
            append(candidate: logprob.chosen)
            append(raw: ",\"top_logprobs\":[")
            for (rank, candidate) in logprob.top.enumerated() {
                append(raw: rank > 0 ? ",{" : "{")
                append(candidate: candidate)
                append(raw: "}")
            }
            append(raw: "]}")
        }
        append(raw: "],\"refusal\":null}")
    }

    private mutating func append(candidate: TokenLogprob.Candidate) {
        append(raw: "\"token\":")
        append(string: String(decoding: candidate.bytes, as: UTF8.self))
        append(raw: ",\"logprob\":")
        append(raw: candidate.logarithm.description)
        append(raw: ",\"bytes\":[")
        for (place, byte) in candidate.bytes.enumerated() {
            if place > 0 { append(raw: ",") }
            append(number: Int(byte))
        }
        append(raw: "]")
    }

    /// The `logprobs` of a completion's choice, lists beside each other; `null` where none were asked for.
    private mutating func append(completionLogprobs logprobs: [TokenLogprob], textOffset: Int) {
        guard !logprobs.isEmpty else { return append(raw: "null") }
        let texts = logprobs.map { String(decoding: $0.chosen.bytes, as: UTF8.self) }
        append(raw: "{\"tokens\":[")
        for (place, text) in texts.enumerated() {
            if place > 0 { append(raw: ",") }
            append(string: text)
        }
        append(raw: "],\"token_logprobs\":[")
        append(raw: logprobs.map { $0.chosen.logarithm.description }.joined(separator: ","))
        append(raw: "],\"top_logprobs\":[")
        for (place, logprob) in logprobs.enumerated() {
            append(raw: place > 0 ? ",{" : "{")
            // Two tokens can have the same text; an object tells the likelier one.
            var told: Set<String> = []
            for candidate in logprob.top {
                let text = String(decoding: candidate.bytes, as: UTF8.self)
                guard told.insert(text).inserted else { continue }
                if told.count > 1 { append(raw: ",") }
                append(string: text)
                append(raw: ":")
                append(raw: candidate.logarithm.description)
            }
            append(raw: "}")
        }
        append(raw: "],\"text_offset\":[")
        var offset = textOffset
        for (place, text) in texts.enumerated() {
            if place > 0 { append(raw: ",") }
            append(number: offset)
            offset += text.count
        }
        append(raw: "]}")
    }

    /// The counts of an answer, an object.
    mutating func append(usage: TokenUsage) {
        append(raw: "{\"prompt_tokens\":")
        append(number: usage.promptTokens)
        append(raw: ",\"completion_tokens\":")
        append(number: usage.completionTokens)
        append(raw: ",\"total_tokens\":")
        append(number: usage.totalTokens)
        append(raw: "}")
    }
}
