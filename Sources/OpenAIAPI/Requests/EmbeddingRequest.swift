// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A checked request for vectors.
package struct EmbeddingRequest: Hashable, Sendable {
    /// How a vector is written.
    package enum Encoding: String, Hashable, Sendable {
        /// A list of numbers.
        case float
        /// Little-endian 32-bit floats.
        case base64
    }

    /// Whose vectors are asked for.
    package var model: ModelName
    /// What stands for the vectors, in the order of the answer.
    package var inputs: [Prompt]
    /// How the vectors are made.
    package var parameters: EmbeddingParameters
    /// How they are written.
    package var encoding: Encoding

    /// Reads the body of `POST /v1/embeddings`; an error names the field that is wrong or unknown.
    /// `GenerationRequest.Limits.bodyBytes` is checked by whoever collects it.
    package init(body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(body) { (fields) throws(APIError) in try EmbeddingRequest(fields) }
    }

    private init(_ fields: RequestFields) throws(APIError) {
        model = try SamplingFields.model(fields)
        inputs = try PromptList(fields, "input", most: EmbeddingParameters.Limits.inputs).prompts
        let word = try fields.text("encoding_format") ?? Encoding.float.rawValue
        guard let encoding = Encoding(rawValue: word) else {
            throw fields.invalid("encoding_format", "must be 'float' or 'base64', not '\(word.prefix(32))'")
        }
        self.encoding = encoding
        parameters = EmbeddingParameters(
            pooling: try Self.pooling(fields),
            dimensions: try fields.integer("dimensions", in: 1...EmbeddingParameters.Limits.dimensions))
        // Texts get the tokens that the model wants around them, and vectors have length 1.
        try FixedField.check(
            FixedField.description + [FixedField("add_special_tokens", .yes), FixedField("normalize", .yes)],
            in: fields)
    }

    private static func pooling(_ fields: RequestFields) throws(APIError) -> EmbeddingParameters.Pooling? {
        guard let word = try fields.text("pooling") else { return nil }
        guard let pooling = EmbeddingParameters.Pooling(rawValue: word) else {
            throw fields.invalid("pooling", "must be 'mean', 'last' or 'cls', not '\(word.prefix(32))'")
        }
        return pooling
    }
}
