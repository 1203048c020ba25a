// SPDX-License-Identifier: Apache-2.0

/// Text of others made harmless for a terminal: a model or a server must not move the cursor, change colours, write to
/// the clipboard or answer in the user's name.
package enum TerminalText {
    /// `text` with every control character but newline and tab shown as its picture (ESC as `␛`), and with the
    /// characters that reorder a line removed.
    package static func harmless(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ isPlain($0) }) { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isPlain(scalar) {
                result.append(scalar)
            } else if let picture = picture(of: scalar) {
                result.append(picture)
            }
        }
        return String(result)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: true
        case 0..<0x20, 0x7F..<0xA0: false
        // Embeddings, overrides and isolates can show a line in another order than it is.
        case 0x202A...0x202E, 0x2066...0x2069: false
        default: true
        }
    }

    private static func picture(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value)
        case 0x7F: Unicode.Scalar(0x2421)
        case 0x80..<0xA0: Unicode.Scalar(0xFFFD)
        default: nil
        }
    }
}
