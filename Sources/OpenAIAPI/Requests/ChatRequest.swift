// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

extension GenerationRequest {
    /// Reads the body of `POST /v1/chat/completions`; an error names the field that is wrong or unknown.
    /// `Limits.bodyBytes` is checked by whoever collects the body.
    package init(chatBody body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(body, ChatFields.request)
    }
}

/// The fields of a chat.
enum ChatFields {
    /// The request that the fields make.
    static func request(_ fields: RequestFields) throws(APIError) -> GenerationRequest {
        let shared = try SamplingFields(fields)
        try FixedField.check(FixedField.generation + FixedField.chat, in: fields)
        var sampling = shared.sampling
        sampling.maximumTokens = try maximumTokens(fields)
        sampling.logprobs = try logprobs(fields)
        return GenerationRequest(
            kind: .chat, model: shared.model, prompts: [.chat(try conversation(fields))], sampling: sampling,
            asked: shared.asked, seed: shared.seed, choicesPerPrompt: shared.choicesPerPrompt, streams: shared.streams,
            includesUsage: shared.includesUsage)
    }

    /// What a template prints of tools and variables keeps the client's order of names.
    private static func conversation(_ fields: RequestFields) throws(APIError) -> Conversation {
        let offersTools = try ToolList.isOffered(fields)
        let variables = fields.value("chat_template_kwargs")
        guard variables.map({ $0.object != nil }) ?? true else {
            throw fields.invalid("chat_template_kwargs", "must be an object")
        }
        return Conversation(
            try MessageList.messages(fields), tools: offersTools ? fields.value("tools").map(JSONText.text) : nil,
            variables: variables.map(JSONText.text),
            addsGenerationPrompt: try fields.flag("add_generation_prompt") ?? true)
    }

    /// `top_logprobs` counts only beside `logprobs: true`.
    private static func logprobs(_ fields: RequestFields) throws(APIError) -> Int? {
        let top = try fields.integer("top_logprobs", in: 0...SamplingParameters.Limits.logprobs)
        guard try fields.flag("logprobs") ?? false else {
            if let top, top > 0 { throw fields.invalid("top_logprobs", "needs 'logprobs' to be true") }
            return nil
        }
        return top ?? 0
    }

    /// `max_completion_tokens` is the newer name of `max_tokens`; two different values would be a guess.
    private static func maximumTokens(_ fields: RequestFields) throws(APIError) -> Int? {
        let old = try SamplingFields.maximumTokens(fields, "max_tokens")
        let new = try SamplingFields.maximumTokens(fields, "max_completion_tokens")
        if let old, let new, old != new {
            throw fields.invalid(
                "max_completion_tokens", "is \(new) but 'max_tokens' is \(old): send one of them, or the same value")
        }
        return new ?? old
    }
}
