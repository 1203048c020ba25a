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

    /// The first chunk of a chat's choice, which names the speaker; nil for a plain completion, which has none.
    package func role(ofChoice choice: Int) -> [UInt8]? {
        guard kind == .chat else { return nil }
        var text = start()
        text.append(raw: "{\"index\":")
        text.append(number: choice)
        text.append(raw: ",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},")
        text.append(raw: "\"logprobs\":null,\"finish_reason\":null}")
        return finish(text)
    }

    /// A chunk of one choice. `hasCalls`: the choice called tools before this part.
    package func part(_ part: ChoicePart, hasCalls: Bool = false) -> [UInt8] {
        var text = start()
        text.append(choice: part, of: kind, isWhole: false, hasCalls: hasCalls || !part.calls.isEmpty)
        return finish(text)
    }

    /// The chunk without a choice that carries the counts.
    package func usage(_ usage: TokenUsage) -> [UInt8] {
        var text = start()
        text.append(raw: "],\"usage\":")
        text.append(usage: usage)
        text.append(raw: "}\n\n")
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
