// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// The fields that chats and completions share, read and checked in one place.
struct SamplingFields {
    let model: ModelName
    let temperature: Float
    let topK: Int
    let seed: UInt64?
    let stop: [String]
    let ignoresEndOfSequence: Bool
    let streams: Bool
    let includesUsage: Bool

    init(_ fields: RequestFields) throws(APIError) {
        model = try Self.model(fields)
        let bounds = SamplingParameters.Limits.temperature
        let range = Double(bounds.lowerBound)...Double(bounds.upperBound)
        temperature = Float(try fields.number("temperature", in: range) ?? 1)
        topK = try fields.integer("top_k", in: 0...GenerationRequest.Limits.topK) ?? 0
        seed = try Self.seed(fields)
        stop = try Self.stop(fields)
        ignoresEndOfSequence = try fields.flag("ignore_eos") ?? false
        streams = try fields.flag("stream") ?? false
        let options = try fields.value("stream_options", StreamOptions.self, "an object")
        includesUsage = options?.includesUsage ?? false
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
        guard fields.has("seed") else { return nil }
        let key = FieldName("seed")
        if let signed = try? fields.container.decode(Int64.self, forKey: key) { return UInt64(bitPattern: signed) }
        if let unsigned = try? fields.container.decode(UInt64.self, forKey: key) { return unsigned }
        throw fields.invalid("seed", "must be an integer of 64 bits")
    }

    private static func stop(_ fields: RequestFields) throws(APIError) -> [String] {
        guard fields.has("stop") else { return [] }
        let limits = SamplingParameters.Limits.self
        let strings: [String]
        if let one = try fields.textIfString("stop") {
            strings = [one]
        } else {
            strings = try fields.value("stop", [String].self, "a string or a list of strings") ?? []
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

/// What a client wants of its stream besides the text.
private struct StreamOptions: Decodable {
    let includesUsage: Bool

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder, path: "stream_options.")
        includesUsage = try fields.flag("include_usage") ?? false
    }
}
