// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Writes the events of one streamed answer, those that leave together into one text. What all of its chunks share is
/// encoded once; a token then costs one escape of its text.
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
        opening.append(literal: "data: {\"id\":")
        opening.append(string: id)
        opening.append(
            literal: kind == .chat ? ",\"object\":\"chat.completion.chunk\"" : ",\"object\":\"text_completion\"")
        opening.append(literal: ",\"created\":")
        opening.append(number: created)
        opening.append(literal: ",\"model\":")
        opening.append(string: model.text)
        opening.append(literal: ",\"choices\":[")
        self.opening = opening.bytes
        self.closing = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    }

    /// Appends the first chunk of a chat's choice, which names the speaker; a plain completion has none.
    package func appendRole(ofChoice choice: Int, to text: inout JSONText) {
        guard kind == .chat else { return }
        text.append(raw: opening)
        text.append(literal: "{\"index\":")
        text.append(number: choice)
        text.append(literal: ",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},")
        text.append(literal: "\"logprobs\":null,\"finish_reason\":null}")
        text.append(raw: closing)
    }

    /// Appends a chunk of one choice. `hasCalls`: the choice called tools before this part.
    package func append(_ part: ChoicePart, hasCalls: Bool = false, to text: inout JSONText) {
        text.append(raw: opening)
        text.append(choice: part, of: kind, isWhole: false, hasCalls: hasCalls || !part.calls.isEmpty)
        text.append(raw: closing)
    }

    /// Appends the chunk without a choice that carries the counts.
    package func append(_ usage: TokenUsage, to text: inout JSONText) {
        text.append(raw: opening)
        text.append(literal: "],\"usage\":")
        text.append(usage: usage)
        text.append(literal: "}\n\n")
    }
}
