// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A checked request for the tokens of a text or a conversation.
package struct TokenizationRequest: Hashable, Sendable {
    package var model: ModelName
    package var prompt: Prompt
    /// Whether each token's text is told beside its number.
    package var tellsTexts: Bool

    /// Reads the body of `POST /tokenize`: `prompt` (or `content`), or `messages` with what a chat may have.
    package init(body: [UInt8]) throws(APIError) {
        let fields = try RequestBody.decode(TokenizationBody.self, from: body)
        model = fields.model
        tellsTexts = fields.tellsTexts
        if let prompt = fields.prompt {
            self.prompt = prompt
        } else {
            prompt = try GenerationRequest(chatBody: body).prompts[0]
        }
    }
}

private struct TokenizationBody: Decodable {
    let model: ModelName
    let prompt: Prompt?
    let tellsTexts: Bool

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder)
        model = try SamplingFields.model(fields)
        tellsTexts = try fields.flag("return_token_strs") ?? false
        guard !fields.has("messages") else {
            prompt = nil
            return
        }
        let name = fields.has("content") && !fields.has("prompt") ? "content" : "prompt"
        let parses = try fields.flag("parse_special") ?? true
        prompt = try PromptList(fields, name, most: 1, parsesControlTokens: parses).prompts.first
    }
}

/// A checked request for the text of tokens.
package struct DetokenizationRequest: Hashable, Sendable {
    package var model: ModelName
    package var tokens: [Int32]

    /// Reads the body of `POST /detokenize`.
    package init(body: [UInt8]) throws(APIError) {
        let fields = try RequestBody.decode(DetokenizationBody.self, from: body)
        model = fields.model
        tokens = fields.tokens
    }
}

private struct DetokenizationBody: Decodable {
    let model: ModelName
    let tokens: [Int32]

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder)
        model = try SamplingFields.model(fields)
        guard let tokens = try fields.value("tokens", [Int32].self, "a list of token ids") else {
            throw fields.missing("tokens", "a list of token ids")
        }
        guard 4 * tokens.count <= GenerationRequest.Limits.promptBytes else {
            throw fields.invalid("tokens", "may be at most \(GenerationRequest.Limits.promptBytes / 4)")
        }
        self.tokens = tokens
    }
}
