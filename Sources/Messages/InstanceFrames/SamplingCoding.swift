// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

extension FrameWriter {
    mutating func put(_ sampling: SamplingParameters) {
        let numbers = [
            sampling.temperature, sampling.topP, sampling.minP, sampling.typicalP, sampling.frequencyPenalty,
            sampling.presencePenalty, sampling.repetitionPenalty,
        ]
        for number in numbers { put(number) }
        put(UInt32(clamping: sampling.topK))
        put(sampling.seed)
        put(UInt32(clamping: sampling.minimumTokens))
        put(UInt32(clamping: sampling.maximumTokens ?? Int(UInt32.max)))
        put(UInt8(sampling.ignoresEndOfSequence ? 1 : 0))
        put(UInt8(clamping: sampling.logprobs ?? 255))
        put(UInt32(sampling.stop.count))
        for stop in sampling.stop { put(stop) }
        put(UInt32(sampling.biases.count))
        for entry in sampling.biases {
            put(entry.token)
            put(entry.bias)
        }
    }
}

extension FrameReader {
    mutating func takeSampling() throws(FrameError) -> SamplingParameters {
        typealias Limits = SamplingParameters.Limits
        var sampling = SamplingParameters(temperature: try takeFloat("temperature", in: Limits.temperature), seed: 0)
        sampling.topP = try takeFloat("top_p", in: Limits.mass)
        sampling.minP = try takeFloat("min_p", in: Limits.minP)
        sampling.typicalP = try takeFloat("typical_p", in: Limits.mass)
        sampling.frequencyPenalty = try takeFloat("frequency_penalty", in: Limits.penalty)
        sampling.presencePenalty = try takeFloat("presence_penalty", in: Limits.penalty)
        sampling.repetitionPenalty = try takeFloat("repetition_penalty", in: Limits.repetitionPenalty)
        sampling.topK = Int(try take(UInt32.self, "top_k"))
        sampling.seed = try take("seed")
        sampling.minimumTokens = try takeCount("min_tokens", limit: Limits.tokens)
        let maximum = try take(UInt32.self, "max_tokens")
        sampling.maximumTokens = maximum == UInt32.max ? nil : Int(maximum)
        let flags = try take(UInt8.self, "flags")
        guard flags <= 1 else { throw .outOfRange(field: "flags") }
        sampling.ignoresEndOfSequence = flags == 1
        let logprobs = Int(try take(UInt8.self, "logprobs"))
        guard logprobs == 255 || logprobs <= Limits.logprobs else { throw .outOfRange(field: "logprobs") }
        sampling.logprobs = logprobs == 255 ? nil : logprobs
        for _ in 0..<(try takeCount("stop", limit: Limits.stopStrings)) {
            sampling.stop.append(try takeText("stop string", limit: Limits.stopBytes))
        }
        for _ in 0..<(try takeCount("logit_bias", limit: Limits.biases)) {
            let token = try take(Int32.self, "logit_bias token")
            sampling.biases.append(.init(token: token, bias: try takeFloat("logit_bias", in: Limits.bias)))
        }
        return sampling
    }

    /// A number of a range; what is not a number is in none.
    private mutating func takeFloat(_ field: String, in range: ClosedRange<Float>) throws(FrameError) -> Float {
        let value = try takeFloat(field)
        guard range.contains(value) else { throw .outOfRange(field: field) }
        return value
    }
}
