// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import ServingModel

extension GenerationRequest {
    /// Reads the body of `POST /v1/chat/completions`. `Limits.bodyBytes` is checked by whoever collects the body.
    package init(chatBody body: [UInt8]) throws(APIError) {
        self = try RequestBody.decode(ChatBody.self, from: body).request
    }
}

private struct ChatBody: Decodable {
    let request: GenerationRequest

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder)
        let shared = try SamplingFields(fields)
        try UnsupportedField.refuse(UnsupportedField.shared + UnsupportedField.chat, in: fields)
        try Self.checkResponseFormat(fields)
        request = GenerationRequest(
            kind: .chat, model: shared.model, prompt: .chat(Conversation(try Self.messages(fields))),
            temperature: shared.temperature, topK: shared.topK, seed: shared.seed,
            maximumTokens: try Self.maximumTokens(fields), stop: shared.stop,
            ignoresEndOfSequence: shared.ignoresEndOfSequence, streams: shared.streams,
            includesUsage: shared.includesUsage)
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

    private static func checkResponseFormat(_ fields: RequestFields) throws(APIError) {
        let format = try fields.value("response_format", ResponseFormat.self, "an object with a 'type'")
        guard let format, format.type != "text" else { return }
        throw fields.unsupported(
            "response_format", "of type '\(format.type.prefix(64))' is not supported yet: leave it out or send 'text'")
    }

    private static func messages(_ fields: RequestFields) throws(APIError) -> [ChatMessage] {
        guard let list = try fields.value("messages", MessageList.self, "a list of messages") else {
            throw fields.missing("messages", "a list of messages, each with a 'role' and a 'content'")
        }
        return list.messages
    }
}

private struct ResponseFormat: Decodable {
    let type: String

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder, path: "response_format.")
        type = try fields.text("type") ?? "text"
    }
}
