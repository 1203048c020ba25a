// SPDX-License-Identifier: Apache-2.0

/// Texts in quotes, with escapes for what cannot stand there.
enum QuotedText {
    /// As Python's `repr` writes a string.
    static func python(_ text: MarkedText) -> MarkedText {
        let quote = text.bytes.contains(UInt8(ascii: "'")) && !text.bytes.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        return quoted(text, by: quote) { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            case "'" where quote == "'": "\\'"
            case _ where isPrintable(scalar): nil
            case _ where scalar.value < 0x100: "\\x" + hexadecimal(scalar.value, 2)
            case _ where scalar.value < 0x10000: "\\u" + hexadecimal(scalar.value, 4)
            default: "\\U" + hexadecimal(scalar.value, 8)
            }
        }
    }

    /// As Python's `json.dumps` writes a string.
    static func json(_ text: MarkedText, escapesNonASCII: Bool) -> MarkedText {
        quoted(text, by: "\"") { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            case "\u{8}": "\\b"
            case "\u{C}": "\\f"
            case _ where scalar.value < 0x20: "\\u" + hexadecimal(scalar.value, 4)
            case _ where escapesNonASCII && scalar.value >= 0x7F:
                Character(scalar).utf16.map { "\\u" + hexadecimal(UInt32($0), 4) }.joined()
            default: nil
            }
        }
    }

    /// Whether Python prints a character as it is.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    private static func quoted(
        _ text: MarkedText, by quote: String, _ escape: (Unicode.Scalar) -> String?
    ) -> MarkedText {
        var result = MarkedText(quote, .template)
        result.append(
            text.mapParts { part in
                var escaped = ""
                for scalar in part.unicodeScalars {
                    if let replacement = escape(scalar) {
                        escaped += replacement
                    } else {
                        escaped.unicodeScalars.append(scalar)
                    }
                }
                return escaped
            })
        result.append(MarkedText(quote, .template))
        return result
    }

    private static func hexadecimal(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
