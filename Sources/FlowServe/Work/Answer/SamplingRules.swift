// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// The bounds on how the tokens of an answer may be chosen.
enum SamplingRules {
    /// Checks the parameters of an answer.
    static func check(_ sampling: SamplingParameters, vocabularySize: Int) throws(TaskRefusal) {
        typealias Limits = SamplingParameters.Limits
        try check("temperature", sampling.temperature, in: Limits.temperature)
        try check("top_p", sampling.topP, in: Limits.mass)
        try check("min_p", sampling.minP, in: Limits.minP)
        try check("typical_p", sampling.typicalP, in: Limits.mass)
        try check("frequency_penalty", sampling.frequencyPenalty, in: Limits.penalty)
        try check("presence_penalty", sampling.presencePenalty, in: Limits.penalty)
        try check("repetition_penalty", sampling.repetitionPenalty, in: Limits.repetitionPenalty)
        guard sampling.topK >= 0 else {
            throw TaskRefusal(.invalidRequest, "top_k is \(sampling.topK); it must be 0 (all tokens) or more")
        }
        guard (0...Limits.tokens).contains(sampling.minimumTokens) else {
            throw TaskRefusal(.invalidRequest, "min_tokens is \(sampling.minimumTokens); it must be 0 or more")
        }
        if let maximum = sampling.maximumTokens, maximum < 1 {
            throw TaskRefusal(
                .invalidRequest, "the maximum number of tokens to generate is \(maximum); it must be at least 1")
        }
        if let count = sampling.logprobs, !(0...Limits.logprobs).contains(count) {
            throw TaskRefusal(
                .invalidRequest, "top_logprobs is \(count); it must be between 0 and \(Limits.logprobs)")
        }
        try check(stops: sampling.stop)
        try check(biases: sampling.biases, vocabularySize: vocabularySize)
    }

    private static func check(
        _ name: String, _ value: Float, in range: ClosedRange<Float>
    ) throws(TaskRefusal) {
        guard range.contains(value) else {
            throw TaskRefusal(
                .invalidRequest,
                "\(name) is \(value); it must be between \(text(range.lowerBound)) and \(text(range.upperBound))")
        }
    }

    /// A bound as people write it: 2, not 2.0.
    private static func text(_ bound: Float) -> String {
        Int(exactly: bound).map(String.init) ?? "\(bound)"
    }

    private static func check(stops: [String]) throws(TaskRefusal) {
        typealias Limits = SamplingParameters.Limits
        guard stops.count <= Limits.stopStrings else {
            throw TaskRefusal(
                .invalidRequest, "there are \(stops.count) stop strings; at most \(Limits.stopStrings) are allowed")
        }
        for stop in stops {
            guard (1...Limits.stopBytes).contains(stop.utf8.count) else {
                throw TaskRefusal(
                    .invalidRequest,
                    "a stop string has \(stop.utf8.count) bytes; each must have 1 to \(Limits.stopBytes)")
            }
        }
    }

    private static func check(
        biases: [SamplingParameters.TokenBias], vocabularySize: Int
    ) throws(TaskRefusal) {
        typealias Limits = SamplingParameters.Limits
        guard biases.count <= Limits.biases else {
            throw TaskRefusal(
                .invalidRequest, "logit_bias has \(biases.count) entries; at most \(Limits.biases) are allowed")
        }
        for entry in biases {
            guard entry.token >= 0, entry.token < vocabularySize else {
                throw TaskRefusal(
                    .invalidRequest,
                    "logit_bias names token \(entry.token); this model's tokens are 0 to \(vocabularySize - 1)")
            }
            try check("logit_bias", entry.bias, in: Limits.bias)
        }
    }
}
