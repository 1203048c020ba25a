// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

extension GenerationRequest {
    /// Reads the body of `POST /v1/completions`; an error names the field that is wrong or unknown. `Limits.bodyBytes`
    /// is checked by whoever collects the body.
    package init(completionBody body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(body, CompletionFields.request)
    }
}

/// The fields of a completion.
enum CompletionFields {
    /// OpenAI's default for this route.
    private static let defaultMaximumTokens = 16

    /// The request that the fields make.
    static func request(_ fields: RequestFields) throws(APIError) -> GenerationRequest {
        let shared = try SamplingFields(fields)
        try FixedField.check(FixedField.generation + FixedField.completion, in: fields)
        // The caller writes the whole prompt here, so control tokens in it are meant, as other servers take them;
        // `parse_special: false` is for prompts with text of strangers.
        let parses = try fields.flag("parse_special") ?? true
        var sampling = shared.sampling
        sampling.maximumTokens = try SamplingFields.maximumTokens(fields, "max_tokens") ?? defaultMaximumTokens
        sampling.logprobs = try logprobs(fields)
        let prompts = try PromptList(
            fields, "prompt", most: GenerationRequest.Limits.prompts, parsesControlTokens: parses
        ).prompts
        guard prompts.count * shared.choicesPerPrompt <= GenerationRequest.Limits.choices else {
            throw fields.invalid(
                "n", "times the number of prompts may be at most \(GenerationRequest.Limits.choices) answers")
        }
        return GenerationRequest(
            kind: .completion, model: shared.model, prompts: prompts, sampling: sampling, asked: shared.asked,
            seed: shared.seed,
            choicesPerPrompt: shared.choicesPerPrompt, echoes: try echoes(fields, prompts, sampling),
            streams: shared.streams, includesUsage: shared.includesUsage)
    }

    /// A number here, where chats have a truth value and a second field.
    private static func logprobs(_ fields: RequestFields) throws(APIError) -> Int? {
        if fields.value("logprobs")?.boolean == false { return nil }
        return try fields.integer("logprobs", in: 0...SamplingParameters.Limits.logprobs)
    }

    private static func echoes(
        _ fields: RequestFields, _ prompts: [Prompt], _ sampling: SamplingParameters
    ) throws(APIError) -> Bool {
        guard try fields.flag("echo") ?? false else { return false }
        guard sampling.logprobs == nil else {
            throw fields.unsupported("echo", "together with 'logprobs' is not supported yet: leave one of them out")
        }
        for case .tokens in prompts {
            throw fields.unsupported("echo", "of a prompt of token ids is not supported yet: send the text itself")
        }
        return true
    }
}
