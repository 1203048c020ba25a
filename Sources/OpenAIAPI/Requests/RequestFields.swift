// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// The fields of one JSON object of a request.
///
/// Asking for a field is what declares it: when the reading of an object is over, the first field that nobody asked for
/// is refused by its name, so no field of a request is ignored. Every reader says which field was wrong and what it may
/// be; `null` is as good as absent, as OpenAI's clients send it for what was not set.
final class RequestFields {
    private let members: [JSONMember]
    /// The members that are not null.
    private let values: [String: JSONValue]
    /// The names of the fields that were asked for.
    private var declared: Set<String> = []

    /// Where the object lies in the request, e.g. `messages[3].`; empty for the request itself.
    let path: String

    /// What `read` makes of an object. It is the only way to the fields, so that their names are always checked. Fails
    /// where the value is no object, where `read` fails, and where the object has a field that `read` did not ask for.
    static func read<Result>(
        _ value: JSONValue, path: String = "", _ read: (RequestFields) throws(APIError) -> Result
    ) throws(APIError) -> Result {
        guard case .object(let members) = value else {
            let subject = path.isEmpty ? "the request's body" : "'\(path.dropLast())'"
            throw APIError(
                .invalidRequest, "\(subject) must be a JSON object",
                parameter: path.isEmpty ? nil : String(path.dropLast()))
        }
        let fields = RequestFields(members, path)
        let result = try read(fields)
        try fields.refuseUndeclared()
        return result
    }

    private init(_ members: [JSONMember], _ path: String) {
        self.members = members
        values = Dictionary(
            members.filter { $0.value != .null }.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        self.path = path
    }

    private func refuseUndeclared() throws(APIError) {
        let stranger = members.first { $0.value != .null && !declared.contains($0.name) }
        guard let stranger else { return }
        let advice = FieldAdvice.instead(of: stranger.name).map { "send \($0)" } ?? "leave it out"
        throw unsupported(String(stranger.name.prefix(128)), "is unknown here, or not supported yet: \(advice)")
    }

    /// The field's value as it came; nil where it is absent or null.
    func value(_ name: String) -> JSONValue? {
        declared.insert(name)
        return values[name]
    }

    /// Whether the field is there and not `null`.
    func has(_ name: String) -> Bool { value(name) != nil }

    /// A string; nil where absent.
    func text(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.text else { throw invalid(name, "must be a string") }
        return text
    }

    /// A whole number inside `range`; nil where absent.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        guard let number = Self.integer(value) else { throw invalid(name, "must be \(expected)") }
        guard range.contains(number) else { throw invalid(name, "must be \(expected), not \(number)") }
        return number
    }

    /// The whole number that a value is, however it is written.
    static func integer(_ value: JSONValue) -> Int? {
        switch value {
        case .integer(let number): number
        case .fraction(let number): Int(exactly: number)
        default: nil
        }
    }

    /// A number inside `range`; nil where absent.
    func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = value.number else { throw invalid(name, "must be \(expected)") }
        guard range.contains(number) else { throw invalid(name, "must be \(expected), not \(number)") }
        return number
    }

    /// A truth value; nil where absent.
    func flag(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolean else { throw invalid(name, "must be true or false") }
        return flag
    }

    /// The elements of a list of at most `limit`; nil where absent. `expected` completes "must be ...".
    func list(_ name: String, limit: Int, _ expected: String) throws(APIError) -> [JSONValue]? {
        guard let value = value(name) else { return nil }
        guard let elements = value.list else { throw invalid(name, "must be \(expected)") }
        guard elements.count <= limit else {
            throw invalid(name, "may hold at most \(limit) elements, not \(elements.count)")
        }
        return elements
    }

    /// What `read` makes of a field that is an object; nil where absent.
    func object<Result>(
        _ name: String, _ read: (RequestFields) throws(APIError) -> Result
    ) throws(APIError) -> Result? {
        guard let value = value(name) else { return nil }
        return try Self.read(value, path: "\(path)\(name).", read)
    }

    /// An error about a field of this object.
    func invalid(_ name: String, _ problem: String) -> APIError {
        APIError(.invalidRequest, "'\(path)\(name)' \(problem)", parameter: path + name)
    }

    /// An error about a field, or a value of one, that is not served.
    func unsupported(_ name: String, _ problem: String) -> APIError {
        APIError(.unsupportedParameter, "'\(path)\(name)' \(problem)", parameter: path + name)
    }

    /// An error about a field that must be there.
    func missing(_ name: String, _ expected: String) -> APIError {
        APIError(.invalidRequest, "'\(path)\(name)' is missing: it must be \(expected)", parameter: path + name)
    }
}

/// What to send instead of fields of other servers that are refused here. They would be without these words, too.
enum FieldAdvice {
    private static let table = [
        "n_predict": "'max_tokens'", "num_predict": "'max_tokens'", "max_new_tokens": "'max_tokens'",
        "max_output_tokens": "'max_tokens'", "reasoning_effort": templateVariable, "enable_thinking": templateVariable,
        "thinking_budget": templateVariable,
    ]
    private static let templateVariable = "it in 'chat_template_kwargs', if the model's template reads it"

    /// What serves the same end; nil where nothing does.
    static func instead(of name: String) -> String? { table[name] }
}
