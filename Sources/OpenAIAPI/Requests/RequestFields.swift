// SPDX-License-Identifier: Apache-2.0

/// A field's name as it came, so that errors can say it.
struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// The fields of one JSON object. Every reader says which field was wrong and what it may be; `null` is as good as
/// absent, as OpenAI's clients send it for what was not set.
struct RequestFields {
    typealias Container = KeyedDecodingContainer<FieldName>

    let container: Container
    /// Where the object lies in the request, e.g. `messages[3].`; empty for the request itself.
    let path: String

    /// Fails with an `APIError` where the value is no object.
    init(_ decoder: any Decoder, path: String = "") throws(APIError) {
        do {
            container = try decoder.container(keyedBy: FieldName.self)
        } catch {
            let subject = path.isEmpty ? "the request's body" : String(path.dropLast())
            throw APIError(.invalidRequest, "\(subject) must be a JSON object", parameter: nil)
        }
        self.path = path
    }

    /// Whether the field is there and not `null`.
    func has(_ name: String) -> Bool {
        let key = FieldName(name)
        return container.contains(key) && (try? container.decodeNil(forKey: key)) == false
    }

    /// A string; nil where absent.
    func text(_ name: String) throws(APIError) -> String? {
        if let text = try textIfString(name) { return text }
        return try value(name, String.self, "a string")
    }

    /// The field where it is a string, nil where it is something else or absent. Fails where it looks like a string and
    /// holds what none may.
    func textIfString(_ name: String) throws(APIError) -> String? {
        do {
            return try container.decode(String.self, forKey: FieldName(name))
        } catch DecodingError.typeMismatch, DecodingError.keyNotFound, DecodingError.valueNotFound {
            return nil
        } catch {
            throw invalid(
                name, "is not a valid string: escape control characters, and send both halves of a surrogate pair")
        }
    }

    /// A whole number inside `range`; nil where absent.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        guard let value = try value(name, Int.self, expected) else { return nil }
        guard range.contains(value) else { throw invalid(name, "must be \(expected), not \(value)") }
        return value
    }

    /// A number inside `range`; nil where absent.
    func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = try value(name, Double.self, expected) else { return nil }
        guard range.contains(value) else { throw invalid(name, "must be \(expected), not \(value)") }
        return value
    }

    /// A truth value; nil where absent.
    func flag(_ name: String) throws(APIError) -> Bool? {
        try value(name, Bool.self, "true or false")
    }

    /// Decodes a field of any form; `expected` completes "must be ...".
    func value<Value: Decodable>(_ name: String, _ type: Value.Type, _ expected: String) throws(APIError) -> Value? {
        guard has(name) else { return nil }
        do {
            return try container.decode(type, forKey: FieldName(name))
        } catch let error as APIError {
            throw error
        } catch {
            throw invalid(name, "must be \(expected)")
        }
    }

    /// An error about a field of this object.
    func invalid(_ name: String, _ problem: String) -> APIError {
        APIError(.invalidRequest, "'\(path)\(name)' \(problem)", parameter: path + name)
    }

    /// An error about a field that is understood and not served.
    func unsupported(_ name: String, _ problem: String) -> APIError {
        APIError(.unsupportedParameter, "'\(path)\(name)' \(problem)", parameter: path + name)
    }

    /// An error about a field that must be there.
    func missing(_ name: String, _ expected: String) -> APIError {
        APIError(.invalidRequest, "'\(path)\(name)' is missing: it must be \(expected)", parameter: path + name)
    }
}
