// SPDX-License-Identifier: Apache-2.0

/// A value of a JSON file.
package enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    /// Members in the file's order; of a name that comes twice the last one counts.
    case object([String: JSONValue])

    /// A member of an object; nil for other values and for `null`.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[name], value != .null else { return nil }
        return value
    }

    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var boolean: Bool? {
        if case .boolean(let truth) = self { truth } else { nil }
    }

    package var number: Double? {
        if case .number(let number) = self { number } else { nil }
    }

    /// A whole number that fits 32 bits.
    package var integer: Int32? {
        number.flatMap { Int32(exactly: $0) }
    }

    /// A whole number that is not negative and that no rounding can have changed.
    package var count: Int? {
        guard let number, number >= 0, number < 0x1p53 else { return nil }
        return Int(exactly: number)
    }

    package var list: [JSONValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    package var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }
}
