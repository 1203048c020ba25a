// SPDX-License-Identifier: Apache-2.0

/// Steps that the scanners of pre-tokenizers share. Bytes that are no UTF-8 count as one character of class `.other`.
protocol WordScanning {
    /// The text that is cut into words.
    var text: UnsafeRawBufferPointer { get }
    /// Whether a number ends the white space before it as the end of the text would.
    var numbersEndText: Bool { get }
}

/// A character's class and where the next one begins.
struct ScannedCharacter {
    let kind: CharacterClass
    let end: Int
}

extension WordScanning {
    var numbersEndText: Bool { false }

    /// The character at a place; nil at the end.
    func character(at index: Int) -> ScannedCharacter? {
        guard index < text.count else { return nil }
        switch UTF8Decoding.character(in: text, at: index) {
        case .scalar(let scalar, let size):
            return ScannedCharacter(kind: CharacterClass(of: scalar), end: index + size)
        case .incomplete, .invalid:
            return ScannedCharacter(kind: .other, end: index + 1)
        }
    }

    /// The end of the longest run of a class from a place on.
    func endOfRun(of kind: CharacterClass, from start: Int) -> Int {
        var index = start
        while let next = character(at: index), next.kind == kind { index = next.end }
        return index
    }

    /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at a place; nil where none stands.
    func endOfContraction(at start: Int, ignoringCase: Bool) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < text.count else { return nil }
        let fold: UInt8 = ignoringCase ? 0x20 : 0
        let first = folded(text[start + 1], fold)
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
            guard start + 2 < text.count else { return nil }
            let wanted = first == UInt8(ascii: "l") ? first : UInt8(ascii: "e")
            return folded(text[start + 2], fold) == wanted ? start + 3 : nil
        default:
            return nil
        }
    }

    /// The end of `\s+(?!\S)|\s+` at a place where white space stands: the whole run at the end of the text, all but
    /// its last character before a word, and a single character by itself.
    func endOfSpace(at start: Int) -> Int {
        var last = start
        var index = start
        while let next = character(at: index), next.kind.isSpace {
            last = index
            index = next.end
        }
        let endsText = index == text.count || numbersEndText && character(at: index)?.kind == .number
        return endsText || last == start ? index : last
    }

    private func folded(_ byte: UInt8, _ fold: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | fold : byte
    }
}
