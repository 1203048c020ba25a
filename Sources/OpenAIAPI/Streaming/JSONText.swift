// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// JSON written by hand where a general encoder would cost more than the text itself: once per streamed token.
package struct JSONText: Sendable {
    /// UTF-8 so far.
    package private(set) var bytes: [UInt8] = []

    /// An empty text with room for so many bytes.
    package init(reserving count: Int = 256) {
        bytes.reserveCapacity(count)
    }

    /// Appends JSON that is written in the source: its bytes are copied, without a string on the way.
    package mutating func append(literal text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends text that is JSON already.
    package mutating func append(raw text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends bytes that are JSON already.
    package mutating func append(raw other: [UInt8]) {
        bytes.append(contentsOf: other)
    }

    /// Appends a number.
    package mutating func append(number: Int) {
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Appends a quoted string, or `null`.
    package mutating func append(optional text: String?) {
        if let text { append(string: text) } else { append(literal: "null") }
    }

    /// Appends a string with its quotes. Control characters, quotes and backslashes are escaped, and so is U+007F;
    /// everything else stays UTF-8.
    package mutating func append(string text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { append(escaping: $0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Copies what needs no escape run by run: nearly always all of it at once.
    private mutating func append(escaping text: UnsafeBufferPointer<UInt8>) {
        var run = 0
        for (place, byte) in text.enumerated() where Self.isEscaped(byte) {
            bytes.append(contentsOf: text[run..<place])
            run = place + 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: append(literal: "\\n")
            case 0x0D: append(literal: "\\r")
            case 0x09: append(literal: "\\t")
            default: appendEscape(byte)
            }
        }
        bytes.append(contentsOf: text[run...])
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(_ byte: UInt8) {
        append(literal: "\\u00")
        for digit in [byte >> 4, byte & 15] {
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// Appends a value that was read, its members in their order.
    mutating func append(value: JSONValue) {
        switch value {
        case .null: append(literal: "null")
        case .boolean(let truth): append(literal: truth ? "true" : "false")
        case .integer(let number): append(number: number)
        case .unsigned(let number): append(raw: String(number))
        case .fraction(let number): append(raw: number.description)
        case .text(let text): append(string: text)
        case .list(let elements):
            append(literal: "[")
            for (place, element) in elements.enumerated() {
                if place > 0 { append(literal: ",") }
                append(value: element)
            }
            append(literal: "]")
        case .object(let members):
            append(literal: "{")
            for (place, member) in members.enumerated() {
                if place > 0 { append(literal: ",") }
                append(string: member.name)
                append(literal: ":")
                append(value: member.value)
            }
            append(literal: "}")
        }
    }

    /// A value as text.
    static func text(of value: JSONValue) -> String {
        var text = JSONText()
        text.append(value: value)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
