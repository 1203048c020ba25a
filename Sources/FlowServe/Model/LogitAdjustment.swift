// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What changes an answer's logits before a token is chosen from them: steps 1 to 4 of `SamplingParameters`.
///
/// A value: ranks read the copy that travels in a step's plan, and the answer counts its tokens between steps, when it
/// has the only copy again, so that counting copies nothing.
package struct LogitAdjustment: Sendable, Equatable {
    private struct Occurrences: Equatable {
        let token: Int32
        /// In the answer.
        var answer: Int32
    }

    private let biases: [SamplingParameters.TokenBias]
    private let repetition: Float
    private let frequency: Float
    private let presence: Float
    private let minimumTokens: UInt64
    private let endTokens: [Int32]
    private let counts: Bool
    private var occurrences: [Occurrences] = []
    private var places: [Int32: Int] = [:]

    /// Nil where the parameters change no logit. `answer` are the tokens so far of an answer that goes on.
    init?(_ sampling: SamplingParameters, prompt: [Int32], answer: [Int32], endTokens: [Int32]) {
        biases = sampling.biases
        repetition = sampling.repetitionPenalty
        frequency = sampling.frequencyPenalty
        presence = sampling.presencePenalty
        minimumTokens = sampling.ignoresEndOfSequence ? 0 : UInt64(clamping: sampling.minimumTokens)
        self.endTokens = endTokens
        counts = repetition != 1 || frequency != 0 || presence != 0
        guard counts || !biases.isEmpty || minimumTokens > 0 else { return nil }
        guard counts else { return }
        if repetition != 1 { for token in prompt { note(token, inAnswer: 0) } }
        for token in answer { note(token, inAnswer: 1) }
    }

    /// Changes the logits from which token `index` of the answer is chosen.
    func apply(to logits: UnsafeMutablePointer<Float>, count: Int, index: UInt64) {
        for entry in biases where entry.token >= 0 && Int(entry.token) < count {
            logits[Int(entry.token)] += entry.bias
        }
        for entry in occurrences where Int(entry.token) < count {
            var logit = logits[Int(entry.token)]
            if repetition != 1 { logit = logit < 0 ? logit * repetition : logit / repetition }
            if entry.answer > 0 { logit -= frequency * Float(entry.answer) + presence }
            logits[Int(entry.token)] = logit
        }
        guard index < minimumTokens else { return }
        for token in endTokens where token >= 0 && Int(token) < count { logits[Int(token)] = -.infinity }
    }

    /// Counts a token that was chosen.
    mutating func note(_ token: Int32) {
        if counts { note(token, inAnswer: 1) }
    }

    private mutating func note(_ token: Int32, inAnswer count: Int32) {
        guard token >= 0 else { return }
        if let place = places[token] {
            occurrences[place].answer += count
        } else {
            places[token] = occurrences.count
            occurrences.append(Occurrences(token: token, answer: count))
        }
    }
}

extension SamplingPlan {
    /// The plan of an answer's first token.
    init(_ sampling: SamplingParameters, adjustment: LogitAdjustment?) {
        self.init(temperature: sampling.temperature, topK: sampling.topK, seed: sampling.seed)
        topP = sampling.topP
        minP = sampling.minP
        typicalP = sampling.typicalP
        logprobs = sampling.logprobs
        self.adjustment = adjustment
    }
}
