// SPDX-License-Identifier: Apache-2.0

/// A model's name as users type it: 1 to 128 characters of `A-Z a-z 0-9 . _ : / -`, beginning with a letter or digit,
/// without `..`, so that it is harmless in URLs, file names (with `/` replaced) and terminals.
package struct ModelName: CheckedText {
    package static let form = "a model name has 1 to 128 of A-Z a-z 0-9 . _ : / -"

    /// The checked text.
    package let text: String

    /// `nil` where `text` breaks the rules above.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count), Self.isAlphanumeric(bytes[0]), !text.contains(".."),
            bytes.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = text
    }

    package var description: String { text }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "._:/-".utf8.contains(byte)
    }
}
