// SPDX-License-Identifier: Apache-2.0

/// How the tokens of an answer are chosen. Together with the prompt it determines the answer to the bit:
/// the generator is counter-based, keyed by `seed` and the token's index in the answer.
///
/// The model's logits go through these steps, in this order (that of transformers):
/// 1. `biases` are added.
/// 2. `repetitionPenalty` divides positive and multiplies negative logits of tokens that occur in prompt or answer.
/// 3. `frequencyPenalty` times the number of occurrences in the answer so far, and `presencePenalty` where there is
///    any, are subtracted.
/// 4. Before `minimumTokens`, tokens that end an answer are ruled out.
/// 5. `temperature` divides; 0 takes the largest and ends here.
/// 6. `topK`, then `topP`, then `minP`, then `typicalP` rule out tokens, each by the probabilities that the one before
///    left.
package struct SamplingParameters: Hashable, Sendable, Codable {
    /// What is added to one token's logit.
    package struct TokenBias: Hashable, Sendable, Codable {
        package var token: Int32
        package var bias: Float

        package init(token: Int32, bias: Float) {
            self.token = token
            self.bias = bias
        }
    }

    /// 0 takes the most likely token; above, probabilities are sharpened (< 1) or flattened (> 1). 0...2.
    package var temperature: Float
    /// Only the `topK` most likely tokens take part; 0 means all.
    package var topK: Int
    /// Only the most likely tokens that have this probability together take part; 1 means all.
    package var topP: Float = 1
    /// Only tokens with this part of the most likely one's probability take part; 0 means all.
    package var minP: Float = 0
    /// Only tokens whose information is closest to the expected one, of this probability together; 1 means all.
    package var typicalP: Float = 1
    package var frequencyPenalty: Float = 0
    package var presencePenalty: Float = 0
    /// Above 1 makes repetition less likely; 1 changes nothing.
    package var repetitionPenalty: Float = 1
    /// At most one for each token, at most `Limits.biases`.
    package var biases: [TokenBias] = []
    /// How many of the most likely tokens are told with each token's own probability; nil tells none.
    package var logprobs: Int?
    /// Always set: the scheduler draws one where the client gave none, so that an answer can be continued elsewhere.
    package var seed: UInt64
    /// The answer does not end by itself before it has this many tokens.
    package var minimumTokens: Int = 0
    /// The answer ends after this many tokens; nil means as many as fit in the context.
    package var maximumTokens: Int?
    /// The answer ends before the first of these strings; at most `Limits.stopStrings`.
    package var stop: [String]
    /// End-of-sequence tokens are ordinary tokens (used to measure and to compare).
    package var ignoresEndOfSequence: Bool

    package init(
        temperature: Float, topK: Int = 0, seed: UInt64, maximumTokens: Int? = nil, stop: [String] = [],
        ignoresEndOfSequence: Bool = false
    ) {
        self.temperature = temperature
        self.topK = topK
        self.seed = seed
        self.maximumTokens = maximumTokens
        self.stop = stop
        self.ignoresEndOfSequence = ignoresEndOfSequence
    }

    /// Bounds on what a client can ask for, checked at the gateway and again by the instance.
    package enum Limits {
        package static let stopStrings = 16
        package static let stopBytes = 256
        package static let temperature: ClosedRange<Float> = 0...2
        /// Of `topP` and `typicalP`.
        package static let mass: ClosedRange<Float> = 0...1
        package static let minP: ClosedRange<Float> = 0...1
        /// Of the penalties that are subtracted.
        package static let penalty: ClosedRange<Float> = -2...2
        package static let repetitionPenalty: ClosedRange<Float> = 0.01...10
        package static let bias: ClosedRange<Float> = -100...100
        package static let biases = 1024
        package static let logprobs = 20
        package static let tokens = 1 << 20
    }
}
