// SPDX-License-Identifier: Apache-2.0

/// A value of a JSON file.
enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    /// Members in the file's order; of a name that comes twice the last one counts.
    case object([String: JSONValue])

    /// A member of an object; nil for other values and for `null`.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[name], value != .null else { return nil }
        return value
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    var boolean: Bool? {
        if case .boolean(let truth) = self { truth } else { nil }
    }

    var number: Double? {
        if case .number(let number) = self { number } else { nil }
    }

    /// A whole number that fits 32 bits.
    var integer: Int32? {
        number.flatMap { Int32(exactly: $0) }
    }

    var list: [JSONValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }
}
