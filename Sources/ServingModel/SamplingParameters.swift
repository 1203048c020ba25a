// SPDX-License-Identifier: Apache-2.0

/// How the tokens of an answer are chosen. Together with the prompt it determines the answer to the bit:
/// the generator is counter-based, keyed by `seed` and the token's index in the answer.
package struct SamplingParameters: Hashable, Sendable, Codable {
    /// 0 takes the most likely token; above, probabilities are sharpened (< 1) or flattened (> 1). 0...2.
    package var temperature: Float
    /// Only the `topK` most likely tokens take part; 0 means all.
    package var topK: Int
    /// Always set: the scheduler draws one where the client gave none, so that an answer can be continued elsewhere.
    package var seed: UInt64
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
    }
}
