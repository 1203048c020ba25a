// SPDX-License-Identifier: Apache-2.0

/// JSON written by hand where a general encoder would cost more than the text itself: once per streamed token.
package struct JSONText: Sendable {
    /// UTF-8 so far.
    package private(set) var bytes: [UInt8] = []

    package init(reserving count: Int = 256) {
        bytes.reserveCapacity(count)
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
        if let text { append(string: text) } else { append(raw: "null") }
    }

    /// Appends a string with its quotes. Control characters, quotes and backslashes are escaped, and so is U+007F;
    /// everything else stays UTF-8.
    package mutating func append(string text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: append(raw: "\\n")
            case 0x0D: append(raw: "\\r")
            case 0x09: append(raw: "\\t")
            case 0x00..<0x20, 0x7F: appendEscape(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        append(raw: "\\u00")
        for digit in [byte >> 4, byte & 15] {
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
