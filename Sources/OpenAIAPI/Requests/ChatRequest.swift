// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import JSONReading
internal import ServingModel

extension GenerationRequest {
    /// Reads the body of `POST /v1/chat/completions`. `Limits.bodyBytes` is checked by whoever collects the body.
    package init(chatBody body: [UInt8]) throws(APIError) {
        let chat = try RequestBody.decode(ChatBody.self, from: body)
        self = chat.request
        // What a template prints keeps the client's order of names, which general decoders forget.
        guard chat.needsText, case .chat(var conversation)? = prompts.first else { return }
        let fields = try? JSONReader.read(body)
        if chat.offersTools { conversation.tools = fields?["tools"].map { JSONText.text(of: $0) } }
        conversation.variables = fields?["chat_template_kwargs"].map { JSONText.text(of: $0) }
        prompts = [.chat(conversation)]
    }
}

private struct ChatBody: Decodable {
    let request: GenerationRequest
    let offersTools: Bool
    /// Some fields are passed on as they were written.
    let needsText: Bool

    init(from decoder: any Decoder) throws {
        let fields = try RequestFields(decoder)
        let shared = try SamplingFields(fields)
        try UnsupportedField.refuse(UnsupportedField.shared + UnsupportedField.chat, in: fields)
        try Self.checkResponseFormat(fields)
        offersTools = try Self.offersTools(fields)
        needsText = offersTools || fields.has("chat_template_kwargs")
        var sampling = shared.sampling
        sampling.maximumTokens = try Self.maximumTokens(fields)
        sampling.logprobs = try Self.logprobs(fields)
        let conversation = Conversation(
            try Self.messages(fields), addsGenerationPrompt: try fields.flag("add_generation_prompt") ?? true)
        request = GenerationRequest(
            kind: .chat, model: shared.model, prompts: [.chat(conversation)], sampling: sampling, asked: shared.asked,
            seed: shared.seed,
            choicesPerPrompt: shared.choicesPerPrompt, streams: shared.streams, includesUsage: shared.includesUsage)
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

    /// Whether there are tools that the model may call.
    private static func offersTools(_ fields: RequestFields) throws(APIError) -> Bool {
        let tools = try fields.value("tools", ToolList.self, "a list of tools")
        let choice = try fields.textIfString("tool_choice")
        if fields.has("tool_choice"), choice != "auto", choice != "none" {
            throw fields.unsupported(
                "tool_choice", "can only be 'auto' or 'none': no model can be made to call a tool yet")
        }
        return choice != "none" && tools?.isEmpty == false
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

/// The tools that a model may call: checked here, passed on as they were written.
private struct ToolList: Decodable {
    let isEmpty: Bool

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var count = 0
        while !container.isAtEnd {
            guard count < GenerationRequest.Limits.toolCalls else {
                throw APIError(
                    .invalidRequest, "'tools' may hold at most \(GenerationRequest.Limits.toolCalls) tools",
                    parameter: "tools")
            }
            let tool = try RequestFields(try container.superDecoder(), path: "tools[\(count)].")
            let type = try tool.text("type") ?? "function"
            guard type == "function" else {
                throw tool.unsupported("type", "is '\(type.prefix(64))': only functions can be offered")
            }
            guard let function = try tool.value("function", ToolFunction.self, "an object with a 'name'") else {
                throw tool.missing("function", "an object with a 'name'")
            }
            guard !function.name.isEmpty, function.name.utf8.count <= 256 else {
                throw tool.invalid("function.name", "must have 1 to 256 bytes")
            }
            count += 1
        }
        isEmpty = count == 0
    }
}

private struct ToolFunction: Decodable {
    let name: String
}
