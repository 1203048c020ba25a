// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

/// The messages of a chat, within the limits of `GenerationRequest`. What the server answered is accepted again.
enum MessageList {
    private typealias Limits = GenerationRequest.Limits

    /// The field `messages`.
    static func messages(_ fields: RequestFields) throws(APIError) -> [ChatMessage] {
        guard let value = fields.value("messages") else {
            throw fields.missing("messages", "a list of messages, each with a 'role' and a 'content'")
        }
        guard let list = value.list else { throw fields.invalid("messages", "must be a list of messages") }
        guard !list.isEmpty else { throw fields.invalid("messages", "must hold at least one message") }
        guard list.count <= Limits.messages else {
            throw fields.invalid("messages", "may hold at most \(Limits.messages) messages: send the latest ones only")
        }
        var messages: [ChatMessage] = []
        var bytes = 0
        for (index, element) in list.enumerated() {
            let message = try RequestFields.read(element, path: "messages[\(index)].", message)
            bytes += message.byteCount
            guard bytes <= Limits.promptBytes else {
                throw fields.invalid(
                    "messages", "hold more than \(Limits.promptBytes) bytes of text: send less of the conversation")
            }
            messages.append(message)
        }
        return messages
    }

    private static func message(_ fields: RequestFields) throws(APIError) -> ChatMessage {
        let roles = "'system', 'developer', 'user', 'assistant' or 'tool'"
        guard let role = try fields.text("role") else { throw fields.missing("role", roles) }
        guard ["system", "developer", "user", "assistant", "tool"].contains(role) else {
            throw fields.invalid("role", "must be \(roles), not '\(role.prefix(32))'")
        }
        // OpenAI's answers have it, always empty where nothing was searched for.
        try FixedField.check([FixedField("annotations", .emptyList)], in: fields)
        let calls = try toolCalls(fields, of: role)
        // Templates know `system`; `developer` is OpenAI's newer word for the same thing.
        return ChatMessage(
            role: role == "developer" ? "system" : role,
            content: try content(fields, mayBeAbsent: role == "assistant", isCall: calls != nil),
            reasoning: try reasoning(fields), toolCalls: calls,
            toolCallIdentifier: try fields.text("tool_call_id"), name: try fields.text("name"))
    }

    /// Servers have two names for it, and some send both.
    private static func reasoning(_ fields: RequestFields) throws(APIError) -> String? {
        let older = try fields.text("reasoning_content")
        let newer = try fields.text("reasoning")
        if let older, let newer, older != newer {
            throw fields.invalid("reasoning", "is another text than 'reasoning_content': send one of them")
        }
        return older ?? newer
    }

    /// The tools that an assistant called; nil where it called none.
    private static func toolCalls(_ fields: RequestFields, of role: String) throws(APIError) -> [ToolCall]? {
        let list = try fields.list("tool_calls", limit: Limits.toolCalls, "a list of calls") ?? []
        guard !list.isEmpty else { return nil }
        guard role == "assistant" else { throw fields.invalid("tool_calls", "belong to messages of an assistant") }
        var calls: [ToolCall] = []
        for (index, element) in list.enumerated() {
            calls.append(try RequestFields.read(element, path: "\(fields.path)tool_calls[\(index)].", call))
        }
        return calls
    }

    private static func call(_ fields: RequestFields) throws(APIError) -> ToolCall {
        let type = try fields.text("type") ?? "function"
        guard type == "function" else {
            throw fields.unsupported("type", "is '\(type.prefix(64))': only functions can be called")
        }
        // The parts of a streamed call say which call they belong to, and clients that join them keep it.
        _ = try fields.integer("index", in: 0...Limits.toolCalls)
        guard var call = try fields.object("function", function) else {
            throw fields.missing("function", "an object with a 'name' and 'arguments'")
        }
        call.identifier = try fields.text("id") ?? ""
        return call
    }

    private static func function(_ fields: RequestFields) throws(APIError) -> ToolCall {
        guard let name = try fields.text("name"), !name.isEmpty else {
            throw fields.missing("name", "the name of the function that was called")
        }
        // As the model wrote them: a model may write anything, and what it wrote is its history.
        return ToolCall(identifier: "", name: name, arguments: try fields.text("arguments") ?? "{}")
    }

    private static func content(
        _ fields: RequestFields, mayBeAbsent: Bool, isCall: Bool
    ) throws(APIError) -> String? {
        switch fields.value("content") {
        case nil:
            if mayBeAbsent { return isCall ? nil : "" }
            throw fields.missing("content", "a string or a list of text parts")
        case .text(let text): return text
        case .list(let parts): return try text(of: parts, path: fields.path + "content")
        default: throw fields.invalid("content", "must be a string or a list of text parts")
        }
    }

    /// Text parts stand one after the other, as OpenAI's own servers take them.
    private static func text(of parts: [JSONValue], path: String) throws(APIError) -> String {
        guard parts.count <= Limits.contentParts else {
            throw APIError(
                .invalidRequest, "'\(path)' may hold at most \(Limits.contentParts) parts", parameter: path)
        }
        var text = ""
        for (index, part) in parts.enumerated() {
            text += try RequestFields.read(part, path: "\(path)[\(index)].", textPart)
        }
        return text
    }

    private static func textPart(_ fields: RequestFields) throws(APIError) -> String {
        let type = try fields.text("type") ?? "text"
        guard type == "text" || type == "input_text" || type == "output_text" else {
            throw fields.unsupported("type", "is '\(type.prefix(64))': only text parts are supported yet")
        }
        try FixedField.check([FixedField("annotations", .emptyList), FixedField("logprobs", .emptyList)], in: fields)
        guard let text = try fields.text("text") else { throw fields.missing("text", "a string") }
        return text
    }
}
