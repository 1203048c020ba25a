// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Writes the events of one streamed answer. What all of its chunks share is encoded once; a token then costs one
/// escape of its text and one allocation.
package struct ChunkEncoder: Sendable {
    private let kind: JobKind
    /// Up to and with `"choices":[`.
    private let opening: [UInt8]
    /// From the choice's end to the end of the event; carries `"usage":null` where the client asked for usage.
    private let closing: [UInt8]

    /// `created` in seconds since 1970.
    package init(kind: JobKind, id: String, created: Int, model: ModelName, includesUsage: Bool) {
        self.kind = kind
        var opening = JSONText()
        opening.append(raw: "data: {\"id\":")
        opening.append(string: id)
        opening.append(raw: kind == .chat ? ",\"object\":\"chat.completion.chunk\"" : ",\"object\":\"text_completion\"")
        opening.append(raw: ",\"created\":")
        opening.append(number: created)
        opening.append(raw: ",\"model\":")
        opening.append(string: model.text)
        opening.append(raw: ",\"choices\":[")
        self.opening = opening.bytes
        self.closing = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    }

    /// The first chunk of a chat, which names the speaker; nil for a plain completion, which has none.
    package func role() -> [UInt8]? {
        guard kind == .chat else { return nil }
        var text = start()
        text.append(raw: "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},")
        text.append(raw: "\"logprobs\":null,\"finish_reason\":null}")
        return finish(text)
    }

    /// A chunk of text.
    package func text(_ piece: String) -> [UInt8] {
        var text = start()
        text.append(raw: kind == .chat ? "{\"index\":0,\"delta\":{\"content\":" : "{\"index\":0,\"text\":")
        text.append(string: piece)
        text.append(raw: kind == .chat ? "}," : ",")
        text.append(raw: "\"logprobs\":null,\"finish_reason\":null}")
        return finish(text)
    }

    /// The chunk that says why the answer ended.
    package func end(_ reason: FinishReason) -> [UInt8] {
        var text = start()
        text.append(raw: kind == .chat ? "{\"index\":0,\"delta\":{}," : "{\"index\":0,\"text\":\"\",")
        text.append(raw: "\"logprobs\":null,\"finish_reason\":")
        text.append(string: reason.wireName)
        text.append(raw: "}")
        return finish(text)
    }

    /// The chunk without a choice that carries the counts.
    package func usage(_ usage: TokenUsage) -> [UInt8] {
        var text = start()
        text.append(raw: "],\"usage\":{\"prompt_tokens\":")
        text.append(number: usage.promptTokens)
        text.append(raw: ",\"completion_tokens\":")
        text.append(number: usage.completionTokens)
        text.append(raw: ",\"total_tokens\":")
        text.append(number: usage.totalTokens)
        text.append(raw: "}}\n\n")
        return text.bytes
    }

    private func start() -> JSONText {
        var text = JSONText(reserving: opening.count + 128)
        text.append(raw: opening)
        return text
    }

    private func finish(_ text: JSONText) -> [UInt8] {
        var text = text
        text.append(raw: closing)
        return text.bytes
    }
}

extension FinishReason {
    /// OpenAI's word; a cancelled answer has none of its own there and is told as an error instead.
    package var wireName: String { rawValue }
}
