// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// An answer in one piece, of a chat or a completion.
package struct WholeAnswer: Hashable, Sendable {
    /// A chat or a completion.
    package var kind: JobKind
    /// Names the answer.
    package var id: String
    /// Seconds since 1970.
    package var created: Int
    /// Which model answered.
    package var model: ModelName
    /// By their indices.
    package var choices: [ChoicePart]
    /// What it took, in tokens.
    package var usage: TokenUsage

    /// An answer as given.
    package init(
        kind: JobKind, id: String, created: Int, model: ModelName, choices: [ChoicePart], usage: TokenUsage
    ) {
        self.kind = kind
        self.id = id
        self.created = created
        self.model = model
        self.choices = choices
        self.usage = usage
    }

    /// The JSON text.
    package var json: [UInt8] {
        var text = JSONText(reserving: 512 + choices.reduce(0) { $0 + $1.text.utf8.count })
        text.append(literal: "{\"id\":")
        text.append(string: id)
        text.append(literal: kind == .chat ? ",\"object\":\"chat.completion\"" : ",\"object\":\"text_completion\"")
        text.append(literal: ",\"created\":")
        text.append(number: created)
        text.append(literal: ",\"model\":")
        text.append(string: model.text)
        text.append(literal: ",\"choices\":[")
        for (place, choice) in choices.enumerated() {
            if place > 0 { text.append(literal: ",") }
            text.append(choice: choice, of: kind, isWhole: true, hasCalls: !choice.calls.isEmpty)
        }
        text.append(literal: "],\"usage\":")
        text.append(usage: usage)
        text.append(literal: "}")
        return text.bytes
    }
}
