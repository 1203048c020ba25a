// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// The names that a template finds when it begins.
struct InputScope {
    /// Roles that every template compares with; any other is a user's text.
    private static let knownRoles = ["system", "developer", "user", "assistant", "tool", "function"]
    /// Names with a meaning of their own in a request, which variables cannot take.
    private static let reserved = ["messages", "tools", "bos_token", "eos_token"]

    private let input: ChatInput
    private let argumentsForm: ToolArgumentsForm

    /// The names for an input.
    init(_ input: ChatInput, _ argumentsForm: ToolArgumentsForm) {
        self.input = input
        self.argumentsForm = argumentsForm
    }

    /// The values by their names. JSON texts of the client that are none are refused here.
    func values() throws(ChatTemplateError) -> [String: TemplateValue] {
        var messages: [TemplateValue] = []
        for (index, message) in input.messages.enumerated() { messages.append(try value(message, index)) }
        var values: [String: TemplateValue] = [
            "messages": .list(messages), "add_generation_prompt": .boolean(input.addsGenerationPrompt),
            "bos_token": .own(input.beginText), "eos_token": .own(input.endText), "tools": try tools(),
            "documents": .none,
        ]
        guard let variables = input.variables else { return values }
        guard case .object(let members) = try Self.json(variables, "chat_template_kwargs") else {
            throw .input("chat_template_kwargs is not an object")
        }
        for member in members {
            guard !Self.reserved.contains(member.name) else {
                throw .input("chat_template_kwargs cannot set '\(member.name)'")
            }
            values[member.name] = TemplateValue(member.value)
        }
        return values
    }

    private func tools() throws(ChatTemplateError) -> TemplateValue {
        guard let text = input.tools else { return .none }
        guard case .list(let tools) = try Self.json(text, "tools") else { throw .input("tools is not a list") }
        return tools.isEmpty ? .none : .list(tools.map { TemplateValue($0) })
    }

    private func value(_ message: TemplateMessage, _ index: Int) throws(ChatTemplateError) -> TemplateValue {
        let origin: TextOrigin = Self.knownRoles.contains(message.role) ? .template : .data
        var entries = [
            DictionaryEntry("role", .text(MarkedText(message.role, origin))),
            DictionaryEntry(
                "content", message.content.map(Self.data) ?? (message.toolCalls.isEmpty ? .own("") : .none)),
        ]
        if let reasoning = message.reasoning {
            for name in ["reasoning_content", "reasoning", "thinking"] {
                entries.append(DictionaryEntry(name, Self.data(reasoning)))
            }
        }
        if !message.toolCalls.isEmpty {
            var calls: [TemplateValue] = []
            for call in message.toolCalls { calls.append(value(call)) }
            entries.append(DictionaryEntry("tool_calls", .list(calls)))
        }
        if let identifier = message.toolCallIdentifier {
            entries.append(DictionaryEntry("tool_call_id", Self.data(identifier)))
        }
        if let name = message.name { entries.append(DictionaryEntry("name", Self.data(name))) }
        return .dictionary(entries)
    }

    private func value(_ call: TemplateToolCall) -> TemplateValue {
        let function = [
            DictionaryEntry("name", Self.data(call.name)), DictionaryEntry("arguments", arguments(call.arguments)),
        ]
        return .dictionary([
            DictionaryEntry("id", Self.data(call.identifier)), DictionaryEntry("type", .own("function")),
            DictionaryEntry("function", .dictionary(function)),
        ])
    }

    /// What a model wrote for arguments, in the form that the template takes. The model reads its own words again where
    /// they are no object: as they are, or under the name `arguments` where the template takes nothing but objects. No
    /// words at all are an object without members.
    private func arguments(_ text: String) -> TemplateValue {
        let isPrewarmed = text.allSatisfy(\.isWhitespace)
        let object =
            isPrewarmed ? .object([]) : (try? JSONReader.read(Array(text.utf8))).flatMap { $0.object == nil ? nil : $0 }
        let wrapped = DictionaryEntry("arguments", Self.data(text))
        switch argumentsForm {
        case .object: return object.map { TemplateValue($0) } ?? Self.data(text)
        case .objectOnly: return object.map { TemplateValue($0) } ?? .dictionary([wrapped])
        case .text: return Self.data(text)
        case .jsonOnly:
            guard object == nil else { return Self.data(isPrewarmed ? "{}" : text) }
            var json = MarkedText("{\"arguments\": ", .data)
            json.append(QuotedText.json(MarkedText(text, .data), escapesNonASCII: false))
            json.append(MarkedText("}", .data))
            return .text(json)
        }
    }

    private static func data(_ text: String) -> TemplateValue { .text(MarkedText(text, .data)) }

    private static func json(_ text: String, _ what: String) throws(ChatTemplateError) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.read(Array(text.utf8))
        } catch {
            throw .input("\(what): \(error)")
        }
    }
}

extension TemplateValue {
    /// A value of a client; texts in it are never control tokens. Of a name that comes twice the last value counts,
    /// at the first one's place.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .none
        case .boolean(let truth): self = .boolean(truth)
        case .integer(let number): self = .integer(number)
        case .unsigned(let number): self = .float(Double(number))
        case .fraction(let number): self = .float(number)
        case .text(let text): self = .text(MarkedText(text, .data))
        case .list(let elements): self = .list(elements.map { TemplateValue($0) })
        case .object(let members):
            var entries: [DictionaryEntry] = []
            var places: [[UInt8]: Int] = [:]
            for member in members {
                let name = MarkedText(member.name, .data)
                let entry = DictionaryEntry(key: .text(name), value: TemplateValue(member.value))
                if let place = places[name.bytes] {
                    entries[place] = entry
                } else {
                    places[name.bytes] = entries.count
                    entries.append(entry)
                }
            }
            self = .dictionary(entries)
        }
    }
}
