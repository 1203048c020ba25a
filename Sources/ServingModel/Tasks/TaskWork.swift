// SPDX-License-Identifier: Apache-2.0

/// What a task asks of an instance. Whatever it is, the reply is a row of parts with indices from 0, then an outcome.
package enum TaskWork: Hashable, Sendable, Codable {
    /// Continue a prompt. The parts are the answer's tokens.
    case answer(Prompt, SamplingParameters)
    /// Turn each of the prompts into a vector. The parts are the vectors.
    case embedding([Prompt], EmbeddingParameters)
    /// Tell the tokens of a prompt, as the model would read it. The parts are these tokens.
    case tokenization(Prompt)
    /// Tell the text of tokens. The parts are these tokens.
    case detokenization([Int32])

    /// Bytes that the client sent, as `Prompt.byteCount` counts them.
    package var byteCount: Int {
        switch self {
        case .answer(let prompt, _), .tokenization(let prompt): prompt.byteCount
        case .embedding(let prompts, _): prompts.reduce(0) { $0 + $1.byteCount }
        case .detokenization(let tokens): 4 * tokens.count
        }
    }
}

/// How vectors are made from what the model computes of a text.
package struct EmbeddingParameters: Hashable, Sendable, Codable {
    /// Which of a text's vectors is taken.
    package enum Pooling: String, Hashable, Sendable, Codable, CaseIterable {
        /// The mean over all tokens.
        case mean
        /// The last token's: it has read all the others.
        case last
        /// The first token's, of models that read in both directions.
        case first = "cls"
    }

    /// nil takes what the model was made for.
    package var pooling: Pooling?
    /// Leading numbers that are kept; nil keeps all. The rest is normed to length 1 again.
    package var dimensions: Int?

    package init(pooling: Pooling? = nil, dimensions: Int? = nil) {
        self.pooling = pooling
        self.dimensions = dimensions
    }

    /// Bounds on what a client can ask for, checked at the gateway and again by the instance.
    package enum Limits {
        /// Texts of one request.
        package static let inputs = 2048
        /// Numbers of one vector: what one packet between an instance and its node holds.
        package static let dimensions = 16_000
    }
}
