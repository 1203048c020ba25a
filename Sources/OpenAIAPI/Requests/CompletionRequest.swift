// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import ServingModel

extension GenerationRequest {
    /// Reads the body of `POST /v1/completions`. `Limits.bodyBytes` is checked by whoever collects the body.
    package init(completionBody body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(CompletionBody.self, from: body).request
    }
}

private struct CompletionBody: Decodable {
    let request: GenerationRequest

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder)
        let shared = try SamplingFields(fields)
        try UnsupportedField.refuse(UnsupportedField.shared + UnsupportedField.completion, in: fields)
        // The caller writes the whole prompt here, so control tokens in it are meant, as other servers take them;
        // `parse_special: false` is for prompts with text of strangers.
        let parses = try fields.flag("parse_special") ?? true
        var sampling = shared.sampling
        sampling.maximumTokens = try SamplingFields.maximumTokens(fields, "max_tokens") ?? Self.defaultMaximumTokens
        sampling.logprobs = try Self.logprobs(fields)
        let prompts = try PromptList(
            fields, "prompt", most: GenerationRequest.Limits.prompts, parsesControlTokens: parses
        ).prompts
        guard prompts.count * shared.choicesPerPrompt <= GenerationRequest.Limits.choices else {
            throw fields.invalid(
                "n", "times the number of prompts may be at most \(GenerationRequest.Limits.choices) answers")
        }
        request = GenerationRequest(
            kind: .completion, model: shared.model, prompts: prompts, sampling: sampling, asked: shared.asked,
            seed: shared.seed,
            choicesPerPrompt: shared.choicesPerPrompt, echoes: try Self.echoes(fields, prompts, sampling),
            streams: shared.streams, includesUsage: shared.includesUsage)
    }

    /// OpenAI's default for this route.
    private static let defaultMaximumTokens = 16

    /// A number here, where chats have a truth value and a second field.
    private static func logprobs(_ fields: RequestFields) throws(APIError) -> Int? {
        if let no = try? fields.container.decode(Bool.self, forKey: FieldName("logprobs")), !no { return nil }
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
