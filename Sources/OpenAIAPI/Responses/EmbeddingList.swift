// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to a request for vectors, written by hand: thousands of numbers are too much for a general encoder.
package struct EmbeddingList: Hashable, Sendable {
    /// Whose vectors they are.
    package var model: ModelName
    /// In the order of the inputs.
    package var vectors: [EmbeddedInput]
    /// How they are written.
    package var encoding: EmbeddingRequest.Encoding
    /// Tokens of all inputs together.
    package var promptTokens: Int

    /// A list as given.
    package init(
        model: ModelName, vectors: [EmbeddedInput], encoding: EmbeddingRequest.Encoding, promptTokens: Int
    ) {
        self.model = model
        self.vectors = vectors
        self.encoding = encoding
        self.promptTokens = promptTokens
    }

    /// The JSON text.
    package var json: [UInt8] {
        var text = JSONText(reserving: 256 + vectors.reduce(0) { $0 + 12 * $1.vector.count })
        text.append(literal: "{\"object\":\"list\",\"data\":[")
        for (place, input) in vectors.enumerated() {
            text.append(literal: place == 0 ? "" : ",")
            text.append(literal: "{\"object\":\"embedding\",\"index\":")
            text.append(number: input.index)
            text.append(literal: ",\"embedding\":")
            append(input.vector, to: &text)
            text.append(literal: "}")
        }
        text.append(literal: "],\"model\":")
        text.append(string: model.text)
        text.append(literal: ",\"usage\":{\"prompt_tokens\":")
        text.append(number: promptTokens)
        text.append(literal: ",\"total_tokens\":")
        text.append(number: promptTokens)
        text.append(literal: "}}")
        return text.bytes
    }

    private func append(_ vector: [Float], to text: inout JSONText) {
        switch encoding {
        case .base64: text.append(string: VectorText.text(vector))
        case .float:
            text.append(literal: "[")
            for (place, number) in vector.enumerated() {
                text.append(literal: place == 0 ? "" : ",")
                text.append(raw: number.description)
            }
            text.append(literal: "]")
        }
    }
}
