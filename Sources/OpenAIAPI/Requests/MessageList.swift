// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

/// The messages of a chat, within the limits of `GenerationRequest`.
struct MessageList: Decodable {
    let messages: [ChatMessage]

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var messages: [ChatMessage] = []
        var bytes = 0
        while !container.isAtEnd {
            let limits = GenerationRequest.Limits.self
            guard messages.count < limits.messages else {
                throw Self.refusal("may hold at most \(limits.messages) messages: send the latest ones only")
            }
            let message = try Self.message(
                RequestFields(try container.superDecoder(), path: "messages[\(messages.count)]."))
            bytes += message.byteCount
            guard bytes <= limits.promptBytes else {
                throw Self.refusal("hold more than \(limits.promptBytes) bytes of text: send less of the conversation")
            }
            messages.append(message)
        }
        guard !messages.isEmpty else { throw Self.refusal("must hold at least one message") }
        self.messages = messages
    }

    private static func refusal(_ problem: String) -> APIError {
        APIError(.invalidRequest, "'messages' \(problem)", parameter: "messages")
    }

    private static func message(_ fields: RequestFields) throws(APIError) -> ChatMessage {
        let roles = "'system', 'developer', 'user', 'assistant' or 'tool'"
        guard let role = try fields.text("role") else { throw fields.missing("role", roles) }
        guard ["system", "developer", "user", "assistant", "tool"].contains(role) else {
            throw fields.invalid("role", "must be \(roles), not '\(role.prefix(32))'")
        }
        try UnsupportedField.refuse(unsupported, in: fields)
        let calls = try toolCalls(fields, of: role)
        var reasoning = try fields.text("reasoning_content")
        if reasoning == nil { reasoning = try fields.text("reasoning") }
        // Templates know `system`; `developer` is OpenAI's newer word for the same thing.
        return ChatMessage(
            role: role == "developer" ? "system" : role,
            content: try content(fields, mayBeAbsent: role == "assistant", isCall: calls != nil),
            reasoning: reasoning, toolCalls: calls,
            toolCallIdentifier: try fields.text("tool_call_id"), name: try fields.text("name"))
    }

    private static let unsupported = [
        UnsupportedField("function_call"),
        UnsupportedField("audio"),
    ]

    /// The tools that an assistant called; nil where it called none.
    private static func toolCalls(_ fields: RequestFields, of role: String) throws(APIError) -> [ToolCall]? {
        guard let list = try fields.value("tool_calls", [ToolCallField].self, "a list of calls"), !list.isEmpty else {
            return nil
        }
        guard role == "assistant" else { throw fields.invalid("tool_calls", "belong to messages of an assistant") }
        guard list.count <= GenerationRequest.Limits.toolCalls else {
            throw fields.invalid("tool_calls", "may be at most \(GenerationRequest.Limits.toolCalls)")
        }
        for (index, field) in list.enumerated() where field.call == nil {
            throw fields.invalid(
                "tool_calls[\(index)]",
                "must have an 'id' and a 'function' with a 'name' and 'arguments', the JSON text of an object")
        }
        return list.compactMap(\.call)
    }

    private static func content(
        _ fields: RequestFields, mayBeAbsent: Bool, isCall: Bool
    ) throws(APIError) -> String? {
        guard fields.has("content") else {
            if mayBeAbsent { return isCall ? nil : "" }
            throw fields.missing("content", "a string or a list of text parts")
        }
        if let text = try fields.textIfString("content") { return text }
        do {
            var parts = try fields.container.nestedUnkeyedContainer(forKey: FieldName("content"))
            return try text(of: &parts, path: fields.path + "content")
        } catch let error as APIError {
            throw error
        } catch {
            throw fields.invalid("content", "must be a string or a list of text parts")
        }
    }

    /// Text parts stand one after the other, as OpenAI's own servers take them.
    private static func text(of parts: inout any UnkeyedDecodingContainer, path: String) throws -> String {
        var text = ""
        var index = 0
        while !parts.isAtEnd {
            let fields = try RequestFields(try parts.superDecoder(), path: "\(path)[\(index)].")
            guard index < GenerationRequest.Limits.contentParts else {
                throw APIError(
                    .invalidRequest,
                    "'\(path)' may hold at most \(GenerationRequest.Limits.contentParts) parts", parameter: path)
            }
            let type = try fields.text("type") ?? "text"
            guard type == "text" || type == "input_text" || type == "output_text" else {
                throw fields.unsupported("type", "is '\(type.prefix(64))': only text parts are supported yet")
            }
            guard let piece = try fields.text("text") else { throw fields.missing("text", "a string") }
            text += piece
            index += 1
        }
        return text
    }
}

/// A call of a tool in an earlier answer; nil where something of it is missing.
private struct ToolCallField: Decodable {
    let call: ToolCall?

    private enum CodingKeys: String, CodingKey {
        case id, function
    }

    private struct Function: Decodable {
        let name: String
        let arguments: String?
    }

    init(from decoder: any Decoder) throws {
        guard let container = try? decoder.container(keyedBy: CodingKeys.self),
            let function = try? container.decode(Function.self, forKey: .function), !function.name.isEmpty
        else {
            call = nil
            return
        }
        let arguments = function.arguments ?? "{}"
        let isObject = (try? JSONReader.read(Array(arguments.utf8)))?.object != nil
        let identifier = (try? container.decode(String.self, forKey: .id)) ?? ""
        call = isObject ? ToolCall(identifier: identifier, name: function.name, arguments: arguments) : nil
    }
}
