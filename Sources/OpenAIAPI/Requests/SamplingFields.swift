// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

/// The fields that chats and completions share, read and checked in one place.
struct SamplingFields {
    let model: ModelName
    /// Without seed, length and logprobs, whose fields differ.
    let sampling: SamplingParameters
    /// What of it is in the request.
    let asked: SamplingDefaults
    let seed: UInt64?
    let choicesPerPrompt: Int
    let streams: Bool
    let includesUsage: Bool

    init(_ fields: RequestFields) throws(APIError) {
        typealias Limits = SamplingParameters.Limits
        model = try Self.model(fields)
        let asked = try Self.asked(fields)
        var sampling = SamplingParameters(
            temperature: 1, seed: 0, stop: try Self.stop(fields),
            ignoresEndOfSequence: try fields.flag("ignore_eos") ?? false
        ).filled(from: asked, asked: SamplingDefaults())
        sampling.frequencyPenalty = try Self.number(fields, "frequency_penalty", in: Limits.penalty) ?? 0
        sampling.presencePenalty = try Self.number(fields, "presence_penalty", in: Limits.penalty) ?? 0
        sampling.minimumTokens = try fields.integer("min_tokens", in: 0...GenerationRequest.Limits.maximumTokens) ?? 0
        sampling.biases = try Self.biases(fields)
        self.sampling = sampling
        self.asked = asked
        seed = try Self.seed(fields)
        choicesPerPrompt = try fields.integer("n", in: 1...GenerationRequest.Limits.choicesPerPrompt) ?? 1
        streams = try fields.flag("stream") ?? false
        includesUsage = try fields.object("stream_options", Self.includesUsage) ?? false
        _ = try fields.object("response_format", Self.checkFormat)
    }

    /// What a client wants of its stream besides the text.
    private static func includesUsage(_ options: RequestFields) throws(APIError) -> Bool {
        try FixedField.check(
            [FixedField("include_obfuscation", .no), FixedField("continuous_usage_stats", .no)], in: options)
        return try options.flag("include_usage") ?? false
    }

    private static func checkFormat(_ format: RequestFields) throws(APIError) {
        let type = try format.text("type") ?? "text"
        guard type == "text" else {
            throw APIError(
                .unsupportedParameter,
                "'response_format' of type '\(type.prefix(64))' is not supported yet: leave it out or send 'text'",
                parameter: "response_format")
        }
    }

    private static func number(
        _ fields: RequestFields, _ name: String, in range: ClosedRange<Float>
    ) throws(APIError) -> Float? {
        // By their shortest decimals, so that a message says 0.01 and not what a Float makes of it.
        let bounds = [range.lowerBound, range.upperBound].map { Double("\($0)") ?? Double($0) }
        return try fields.number(name, in: bounds[0]...bounds[1]).map { Float($0) }
    }

    /// What a model may have desired for, where the client has one.
    private static func asked(_ fields: RequestFields) throws(APIError) -> SamplingDefaults {
        typealias Limits = SamplingParameters.Limits
        var asked = SamplingDefaults()
        asked.temperature = try number(fields, "temperature", in: Limits.temperature)
        // -1 means all tokens to some servers.
        asked.topK = try fields.integer("top_k", in: -1...GenerationRequest.Limits.topK).map { max(0, $0) }
        asked.topP = try number(fields, "top_p", in: Limits.mass)
        asked.minP = try number(fields, "min_p", in: Limits.minP)
        asked.typicalP = try number(fields, "typical_p", in: Limits.mass)
        asked.repetitionPenalty = try repetitionPenalty(fields)
        return asked
    }

    /// `repeat_penalty` is llama.cpp's name for the same.
    private static func repetitionPenalty(_ fields: RequestFields) throws(APIError) -> Float? {
        let bounds = SamplingParameters.Limits.repetitionPenalty
        let penalty = try number(fields, "repetition_penalty", in: bounds)
        let other = try number(fields, "repeat_penalty", in: bounds)
        if let penalty, let other, penalty != other {
            throw fields.invalid(
                "repeat_penalty", "is \(other) but 'repetition_penalty' is \(penalty): send one of them")
        }
        return penalty ?? other
    }

    /// An object from token ids, as strings, to numbers.
    private static func biases(_ fields: RequestFields) throws(APIError) -> [SamplingParameters.TokenBias] {
        let limits = SamplingParameters.Limits.self
        let form = "an object from token ids to numbers from \(limits.bias.lowerBound) to \(limits.bias.upperBound)"
        guard let value = fields.value("logit_bias") else { return [] }
        guard let map = value.object else { throw fields.invalid("logit_bias", "must be \(form)") }
        guard map.count <= limits.biases else {
            throw fields.invalid("logit_bias", "may hold at most \(limits.biases) tokens, not \(map.count)")
        }
        var biases: [SamplingParameters.TokenBias] = []
        for member in map {
            guard let token = Int32(member.name), token >= 0 else {
                throw fields.invalid("logit_bias", "must be \(form); '\(member.name.prefix(32))' is no token id")
            }
            guard let bias = member.value.number, limits.bias.contains(Float(bias)) else {
                throw fields.invalid("logit_bias", "must be \(form)")
            }
            biases.append(.init(token: token, bias: Float(bias)))
        }
        return biases.sorted { $0.token < $1.token }
    }

    /// Reads a bound on the answer's length.
    static func maximumTokens(_ fields: RequestFields, _ name: String) throws(APIError) -> Int? {
        try fields.integer(name, in: 1...GenerationRequest.Limits.maximumTokens)
    }

    static func model(_ fields: RequestFields) throws(APIError) -> ModelName {
        guard let text = try fields.text("model"), !text.isEmpty else {
            throw fields.missing("model", "the name of a model that GET /v1/models lists")
        }
        guard let model = ModelName(text) else {
            throw APIError(
                .modelNotFound,
                "there is no model '\(text.prefix(128))', nor can there be one of that name: GET /v1/models lists all",
                parameter: "model")
        }
        return model
    }

    /// Any 64-bit integer, signed or not: the bits are the key of the generator.
    private static func seed(_ fields: RequestFields) throws(APIError) -> UInt64? {
        switch fields.value("seed") {
        case nil: return nil
        case .unsigned(let number): return number
        case let value?:
            guard let number = RequestFields.integer(value) else {
                throw fields.invalid("seed", "must be an integer of 64 bits")
            }
            return UInt64(bitPattern: Int64(number))
        }
    }

    private static func stop(_ fields: RequestFields) throws(APIError) -> [String] {
        guard let value = fields.value("stop") else { return [] }
        let limits = SamplingParameters.Limits.self
        let elements = value.list ?? [value]
        let strings = elements.compactMap(\.text)
        guard strings.count == elements.count else {
            throw fields.invalid("stop", "must be a string or a list of strings")
        }
        guard strings.count <= limits.stopStrings else {
            throw fields.invalid("stop", "may hold at most \(limits.stopStrings) strings, not \(strings.count)")
        }
        for string in strings where !(1...limits.stopBytes).contains(string.utf8.count) {
            throw fields.invalid(
                "stop", "must hold strings of 1 to \(limits.stopBytes) bytes, not \(string.utf8.count)")
        }
        return strings
    }
}
