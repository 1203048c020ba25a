// SPDX-License-Identifier: Apache-2.0

/// What pre-tokenizers know of a character. The raw values are those of the generated table.
enum CharacterClass: UInt32 {
    /// Marks, punctuation, symbols, controls, and bytes that are no UTF-8.
    case other = 0
    /// Unicode's categories L*.
    case letter = 1
    /// Unicode's categories N*.
    case number = 2
    /// White space other than carriage return and line feed.
    case whiteSpace = 3
    /// Carriage return and line feed.
    case newline = 4

    /// The class of a Unicode scalar.
    init(of scalar: UInt32) {
        guard scalar >= 0x80 else {
            self = Self.ascii(UInt8(scalar))
            return
        }
        let wanted = scalar << 2 | 3
        self = UnicodeRanges.changes.withUnsafeBufferPointer { changes in
            var low = 0
            var high = changes.count
            while high - low > 1 {
                let middle = (low + high) / 2
                if changes[middle] <= wanted { low = middle } else { high = middle }
            }
            return CharacterClass(rawValue: changes[low] & 3) ?? .other
        }
    }

    /// Whether a regular expression's `\s` matches.
    var isSpace: Bool { self == .whiteSpace || self == .newline }

    private static func ascii(_ byte: UInt8) -> CharacterClass {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case 0x0A, 0x0D: .newline
        case 0x09, 0x0B, 0x0C, 0x20: .whiteSpace
        default: .other
        }
    }
}
