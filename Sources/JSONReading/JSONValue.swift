// SPDX-License-Identifier: Apache-2.0

/// A value of a JSON text.
package enum JSONValue: Sendable, Equatable {
    /// The word `null`.
    case null
    /// The words `true` and `false`.
    case boolean(Bool)
    /// A number without fraction and exponent that 64 bits hold.
    case integer(Int)
    /// A number without fraction and exponent that is too large for `integer` and that 64 bits without a sign hold.
    case unsigned(UInt64)
    /// Any other number, always finite.
    case fraction(Double)
    /// A string, its escapes undone.
    case text(String)
    /// The elements in their order.
    case list([JSONValue])
    /// Members in the text's order, a name that comes twice included.
    case object([JSONMember])

    /// A member of an object, the last one of its name; nil for other values and for `null`.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        let found = members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
        return found == .null ? nil : found
    }

    /// The text, where the value is one.
    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The truth value, where the value is one.
    package var boolean: Bool? {
        if case .boolean(let truth) = self { truth } else { nil }
    }

    /// The number, where the value is one.
    package var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .fraction(let number): number
        default: nil
        }
    }

    /// A whole number that fits 32 bits, however it is written.
    package var integer: Int32? {
        switch self {
        case .integer(let number): Int32(exactly: number)
        case .fraction(let number): Int32(exactly: number)
        default: nil
        }
    }

    /// A whole number that is not negative and that no rounding can have changed.
    package var count: Int? {
        switch self {
        case .integer(let number): number >= 0 ? number : nil
        case .fraction(let number): number >= 0 && number < 0x1p53 ? Int(exactly: number) : nil
        default: nil
        }
    }

    /// The elements, where the value is a list.
    package var list: [JSONValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    /// The members, where the value is an object.
    package var object: [JSONMember]? {
        if case .object(let members) = self { members } else { nil }
    }
}

/// A name with its value.
package struct JSONMember: Sendable, Equatable {
    /// The name, equal to another only byte by byte: vocabularies tell composed and decomposed characters apart.
    package let name: String
    /// The value beside the name.
    package let value: JSONValue

    /// A member as given.
    package init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }
}
