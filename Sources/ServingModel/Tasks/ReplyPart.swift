// SPDX-License-Identifier: Apache-2.0

/// One part of a reply on its way to the client.
package enum ReplyPart: Hashable, Sendable {
    case token(GeneratedToken)
    case vector(EmbeddedInput)

    /// Position in the reply, from 0, without gaps.
    package var index: Int {
        switch self {
        case .token(let token): token.index
        case .vector(let input): input.index
        }
    }

    /// The part as an event of its task.
    package var event: TaskEvent {
        switch self {
        case .token(let token): .token(token)
        case .vector(let input): .vector(input)
        }
    }
}

/// One token of a reply.
package struct GeneratedToken: Hashable, Sendable, Codable {
    /// Position in the reply, from 0, without gaps.
    package var index: Int
    package var id: Int32
    /// The characters of the answer that became certain with this token; may be empty. Always whole characters.
    package var text: String
    /// What few tokens have.
    package var extra: TokenExtra?

    package init(index: Int, id: Int32, text: String, extra: TokenExtra? = nil) {
        self.index = index
        self.id = id
        self.text = text
        self.extra = extra
    }
}

/// What a token may bring besides text of the answer.
package struct TokenExtra: Hashable, Sendable, Codable {
    /// Text of the model's reasoning, before the answer's.
    package var reasoning: String
    /// Parts of tool calls, behind the answer's text.
    package var calls: [ToolCallPiece]
    /// Where it was asked for.
    package var logprob: TokenLogprob?

    package init(reasoning: String = "", calls: [ToolCallPiece] = [], logprob: TokenLogprob? = nil) {
        self.reasoning = reasoning
        self.calls = calls
        self.logprob = logprob
    }

    /// Nothing is there that a client would see.
    package var isEmpty: Bool { reasoning.isEmpty && calls.isEmpty && logprob == nil }
}

/// More of one tool call.
package struct ToolCallPiece: Hashable, Sendable, Codable {
    /// The call within the answer, from 0.
    package var call: Int
    /// The tool's name, with the call's first piece.
    package var name: String?
    /// More of the arguments' JSON text.
    package var arguments: String

    package init(call: Int, name: String? = nil, arguments: String = "") {
        self.call = call
        self.name = name
        self.arguments = arguments
    }
}

/// How likely a token was by the model's own probabilities, before biases, penalties and temperature; and which tokens
/// were likeliest.
package struct TokenLogprob: Hashable, Sendable, Codable {
    /// A token with the natural logarithm of its probability.
    package struct Candidate: Hashable, Sendable, Codable {
        package var id: Int32
        package var logarithm: Float
        /// The token's own bytes, which may be part of a character.
        package var bytes: [UInt8]

        package init(id: Int32, logarithm: Float, bytes: [UInt8]) {
            self.id = id
            self.logarithm = logarithm
            self.bytes = bytes
        }
    }

    package var chosen: Candidate
    /// Likeliest first.
    package var top: [Candidate]

    package init(chosen: Candidate, top: [Candidate]) {
        self.chosen = chosen
        self.top = top
    }
}

/// The vector of one input.
package struct EmbeddedInput: Hashable, Sendable {
    /// Position among the inputs.
    package var index: Int
    /// Tokens of the input.
    package var tokenCount: Int
    /// Of length 1.
    package var vector: [Float]

    package init(index: Int, tokenCount: Int, vector: [Float]) {
        self.index = index
        self.tokenCount = tokenCount
        self.vector = vector
    }
}

extension EmbeddedInput: Codable {
    private enum CodingKeys: String, CodingKey {
        case index, tokenCount, vector
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        index = try container.decode(Int.self, forKey: .index)
        tokenCount = try container.decode(Int.self, forKey: .tokenCount)
        guard let vector = VectorText.vector(try container.decode(String.self, forKey: .vector)) else {
            throw DecodingError.dataCorruptedError(
                forKey: .vector, in: container, debugDescription: "a vector is base 64 of 32-bit floats")
        }
        self.vector = vector
    }

    /// With the vector as text of base 64: a third of what numbers would take.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(tokenCount, forKey: .tokenCount)
        try container.encode(VectorText.text(vector), forKey: .vector)
    }
}
