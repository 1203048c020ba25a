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
        request = GenerationRequest(
            kind: .completion, model: shared.model, prompt: .text(try Self.prompt(fields), parsesControlTokens: parses),
            temperature: shared.temperature, topK: shared.topK, seed: shared.seed,
            maximumTokens: try SamplingFields.maximumTokens(fields, "max_tokens") ?? Self.defaultMaximumTokens,
            stop: shared.stop, ignoresEndOfSequence: shared.ignoresEndOfSequence, streams: shared.streams,
            includesUsage: shared.includesUsage)
    }

    /// OpenAI's default for this route.
    private static let defaultMaximumTokens = 16

    private static func prompt(_ fields: RequestFields) throws(APIError) -> String {
        guard fields.has("prompt") else { throw fields.missing("prompt", "a string") }
        let text: String
        if let one = try fields.textIfString("prompt") {
            text = one
        } else {
            text = try onlyElement(fields)
        }
        guard !text.isEmpty else { throw fields.invalid("prompt", "must not be empty") }
        guard text.utf8.count <= GenerationRequest.Limits.promptBytes else {
            throw fields.invalid("prompt", "may have at most \(GenerationRequest.Limits.promptBytes) bytes")
        }
        return text
    }

    private static func onlyElement(_ fields: RequestFields) throws(APIError) -> String {
        let expected = "must be a string or a list of one string"
        do {
            var list = try fields.container.nestedUnkeyedContainer(forKey: FieldName("prompt"))
            guard !list.isAtEnd else { throw fields.invalid("prompt", expected) }
            guard let text = try? list.decode(String.self) else {
                throw fields.unsupported("prompt", "as token ids is not supported: send the text itself")
            }
            guard list.isAtEnd else {
                throw fields.unsupported("prompt", "with several elements is not supported yet: send one request each")
            }
            return text
        } catch let error as APIError {
            throw error
        } catch {
            throw fields.invalid("prompt", expected)
        }
    }
}
