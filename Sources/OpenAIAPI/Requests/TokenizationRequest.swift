// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A checked request for the tokens of a text or a conversation.
package struct TokenizationRequest: Hashable, Sendable {
    /// Whose tokens are asked for.
    package var model: ModelName
    /// The text, which may be empty, or the conversation.
    package var prompt: Prompt
    /// Whether each token's text is told beside its number.
    package var tellsTexts: Bool

    /// Reads the body of `POST /tokenize`: `prompt` (or `content`), or `messages` with what a chat may have. An error
    /// names the field that is wrong or unknown.
    package init(body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(body) { (fields) throws(APIError) in try TokenizationRequest(fields) }
    }

    private init(_ fields: RequestFields) throws(APIError) {
        tellsTexts = try fields.flag("return_token_strs") ?? false
        guard !fields.has("messages") else {
            let chat = try ChatFields.request(fields)
            model = chat.model
            prompt = chat.prompts[0]
            return
        }
        model = try SamplingFields.model(fields)
        // Texts get the begin token that the model wants, and no pieces are told beside the numbers.
        try FixedField.check(
            [
                FixedField("add_special_tokens", .yes), FixedField("add_special", .yes), FixedField("with_pieces", .no),
            ], in: fields)
        let name = fields.has("prompt") ? "prompt" : "content"
        guard name == "content" || !fields.has("content") else {
            throw fields.invalid("content", "is another name of 'prompt': send one of them")
        }
        guard fields.has(name) else { throw fields.missing("prompt", "a string or a list of token ids") }
        let parses = try fields.flag("parse_special") ?? true
        prompt = try PromptList(fields, name, most: 1, parsesControlTokens: parses, mayBeEmpty: true).prompts[0]
    }
}

/// A checked request for the text of tokens.
package struct DetokenizationRequest: Hashable, Sendable {
    /// Whose tokens they are.
    package var model: ModelName
    /// The tokens, of which the model may have none: the instance checks that.
    package var tokens: [Int32]

    /// Reads the body of `POST /detokenize`. An error names the field that is wrong or unknown.
    package init(body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(body) { (fields) throws(APIError) in try DetokenizationRequest(fields) }
    }

    private init(_ fields: RequestFields) throws(APIError) {
        model = try SamplingFields.model(fields)
        guard let value = fields.value("tokens") else { throw fields.missing("tokens", "a list of token ids") }
        guard let tokens = PromptList.tokens(value) else {
            throw fields.invalid("tokens", "must be a list of token ids")
        }
        guard 4 * tokens.count <= GenerationRequest.Limits.promptBytes else {
            throw fields.invalid("tokens", "may be at most \(GenerationRequest.Limits.promptBytes / 4)")
        }
        // The text has all tokens.
        try FixedField.check([FixedField("skip_special_tokens", .no)], in: fields)
        self.tokens = tokens
    }
}
