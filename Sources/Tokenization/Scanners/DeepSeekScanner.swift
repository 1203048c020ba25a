// SPDX-License-Identifier: Apache-2.0

/// The words of `PreTokenizer.deepseekV3`: numbers of up to three digits are cut out first, then runs of Chinese
/// characters and kana, and what remains is split as ASCII words, letters with their marks, symbols and white space.
struct DeepSeekScanner: WordScanning {
    let text: UnsafeRawBufferPointer

    /// A character in this family's classes, which know marks and punctuation.
    private enum Kind {
        case letter, number, ideograph, symbol, newline, space, other
    }

    private struct Character {
        let kind: Kind
        let end: Int
    }

    /// Where the word at `start` ends.
    func endOfWord(at start: Int) -> Int {
        guard let first = look(start) else { return text.count }
        switch first.kind {
        case .number: return endOfRun(.number, from: first.end, most: 2)
        case .ideograph: return endOfRun(.ideograph, from: first.end)
        case .letter: return endOfRun(.letter, from: first.end)
        default: return endOfRest(at: start, first)
        }
    }

    /// The alternatives after numbers and ideographs, which end what stands before them as the end of the text does.
    private func endOfRest(at start: Int, _ first: Character) -> Int {
        let second = inside(first.end)
        if isPunctuation(text[start]), let second, isASCIILetter(second, at: first.end) {
            var index = second.end
            while let next = inside(index), isASCIILetter(next, at: index) { index = next.end }
            return index
        }
        if first.kind == .space || first.kind == .other, let second, second.kind == .letter {
            return endOfRun(.letter, from: second.end)
        }
        if first.kind == .symbol { return endOfRun(.newline, from: endOfRun(.symbol, from: first.end)) }
        if text[start] == UInt8(ascii: " "), let second, second.kind == .symbol {
            return endOfRun(.newline, from: endOfRun(.symbol, from: second.end))
        }
        return first.kind == .other ? endOfOthers(from: first.end) : endOfWhiteSpace(at: start)
    }

    /// What no alternative takes stays together as one word, up to where one could begin.
    private func endOfOthers(from start: Int) -> Int {
        var index = start
        while let next = inside(index), next.kind == .other {
            if let after = inside(next.end), after.kind == .letter { return index }
            index = next.end
        }
        return index
    }

    private func endOfWhiteSpace(at start: Int) -> Int {
        var afterLine: Int?
        var last = start
        var index = start
        while let next = inside(index), next.kind == .space || next.kind == .newline {
            if next.kind == .newline { afterLine = next.end }
            last = index
            index = next.end
        }
        if let afterLine { return afterLine }
        return inside(index) == nil || last == start ? index : last
    }

    private func endOfRun(_ kind: Kind, from start: Int, most: Int = .max) -> Int {
        var index = start
        var count = 0
        while count < most, let next = look(index), next.kind == kind {
            index = next.end
            count += 1
        }
        return index
    }

    private func inside(_ index: Int) -> Character? {
        guard let found = look(index), found.kind != .number, found.kind != .ideograph else { return nil }
        return found
    }

    private func look(_ index: Int) -> Character? {
        guard index < text.count else { return nil }
        switch UTF8Decoding.character(in: text, at: index) {
        case .scalar(let scalar, let size): return Character(kind: Self.kind(of: scalar), end: index + size)
        case .incomplete, .invalid: return Character(kind: .other, end: index + 1)
        }
    }

    private static func kind(of scalar: UInt32) -> Kind {
        switch scalar {
        case 0x4E00...0x9FA5, 0x3040...0x30FF: return .ideograph
        default: break
        }
        switch CharacterClass(of: scalar) {
        case .letter: return .letter
        case .number: return .number
        case .newline: return .newline
        case .whiteSpace: return .space
        case .other: break
        }
        switch DetailedCategory(of: scalar) {
        case .mark: return .letter
        case .punctuation, .symbol: return .symbol
        case .control, .other: return .other
        }
    }

    private func isASCIILetter(_ character: Character, at index: Int) -> Bool {
        character.kind == .letter && text[index] < 0x80
    }

    private func isPunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
