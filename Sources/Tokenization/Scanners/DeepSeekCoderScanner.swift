// SPDX-License-Identifier: Apache-2.0

/// The words of `PreTokenizer.deepseekCoder` and `PreTokenizer.deepseekLLM`: line breaks by themselves, letters and
/// punctuation with the one white space before them, runs of ideographs, numbers, and what is left between.
struct DeepSeekCoderScanner: WordScanning {
    let text: UnsafeRawBufferPointer
    /// Whether this is the general model's form: white space at the end of a rest is cut off, numbers stay whole.
    let isGeneral: Bool

    private enum Kind {
        case newline, letter, punctuation, ideograph, number, space, other
    }

    private struct Character {
        let kind: Kind
        let scalar: UInt32
        let end: Int
        /// Ideographs of this family reach down to U+0800 and take some white space along.
        var isIdeograph: Bool {
            switch scalar {
            case 0x800...0x9FA5, 0xAC00...0xD7FF: true
            default: false
            }
        }
    }

    /// Where the word at `start` ends.
    func endOfWord(at start: Int) -> Int {
        guard let first = look(start) else { return text.count }
        if first.kind == .newline { return first.end }
        guard let end = endOfTaken(at: start) else { return endOfRest(at: start, first) }
        // Ideographs are cut out of words too.
        var index = first.end
        while index < end, let next = look(index), next.isIdeograph == first.isIdeograph { index = next.end }
        return index
    }

    /// The end of `\s?X+` for letters and punctuation; nil where neither begins.
    private func endOfTaken(at start: Int) -> Int? {
        guard let first = look(start) else { return nil }
        if first.kind == .letter || first.kind == .punctuation { return endOfRun(first.kind, from: first.end) }
        guard first.kind == .space, let second = look(first.end),
            second.kind == .letter || second.kind == .punctuation
        else { return nil }
        return endOfRun(second.kind, from: second.end)
    }

    /// Splits what letters, punctuation and line breaks left over: trailing white space, ideographs, numbers, gaps.
    private func endOfRest(at start: Int, _ first: Character) -> Int {
        let end = isGeneral ? endOfUntaken(from: start) : text.count
        let body = isGeneral ? startOfTrailingSpace(from: start, to: end) : end
        if body == start { return end }
        if first.isIdeograph {
            return endOfRun(from: first.end, to: body) { $0.isIdeograph }
        }
        if first.kind == .number {
            return isGeneral ? endOfRun(from: first.end, to: body) { $0.kind == .number } : first.end
        }
        return endOfRun(from: first.end, to: body) { !$0.isIdeograph && $0.kind != .number }
    }

    private func endOfRun(from start: Int, to end: Int, while matches: (Character) -> Bool) -> Int {
        var index = start
        while index < end, let next = look(index), next.kind != .newline, matches(next), endOfTaken(at: index) == nil {
            index = next.end
        }
        return index
    }

    private func endOfUntaken(from start: Int) -> Int {
        var index = start
        while let next = look(index), next.kind != .newline, endOfTaken(at: index) == nil { index = next.end }
        return index
    }

    private func startOfTrailingSpace(from start: Int, to end: Int) -> Int {
        var index = start
        var body = start
        while index < end, let next = look(index) {
            if next.kind != .space { body = next.end }
            index = next.end
        }
        return body
    }

    private func endOfRun(_ kind: Kind, from start: Int) -> Int {
        var index = start
        while let next = look(index), next.kind == kind { index = next.end }
        return index
    }

    private func look(_ index: Int) -> Character? {
        guard index < text.count else { return nil }
        switch UTF8Decoding.character(in: text, at: index) {
        case .scalar(let scalar, let size):
            return Character(kind: kind(of: scalar), scalar: scalar, end: index + size)
        case .incomplete, .invalid: return Character(kind: .other, scalar: 0, end: index + 1)
        }
    }

    private func kind(of scalar: UInt32) -> Kind {
        switch CharacterClass(of: scalar) {
        case .newline: return .newline
        case .whiteSpace: return isGeneral && Self.isPunctuation(scalar) ? .punctuation : .space
        case .number: return isGeneral && Self.isPunctuation(scalar) ? .punctuation : .number
        case .letter: return !isGeneral || Self.isCased(scalar) ? .letter : .other
        case .other: break
        }
        let isPunctuation =
            isGeneral ? Self.isPunctuation(scalar) : DetailedCategory(of: scalar) == .punctuation
        return isPunctuation ? .punctuation : .other
    }

    /// The general model's letters are those of alphabets with upper and lower case.
    private static func isCased(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x41...0x5A, 0x61...0x7A: return true
        case 0..<0xB5: return false
        default: break
        }
        guard let scalar = Unicode.Scalar(scalar) else { return false }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter: return scalar.value < 0x1E944 && isListed(scalar.value)
        case .titlecaseLetter: return (0x1C5...0x1F2).contains(scalar.value)
        default: return false
        }
    }

    /// Cased letters that the expression's list leaves out.
    private static func isListed(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x10D0...0x10FF, 0x10400...0x1E943, 0x0...0x1C7F, 0x1C90...0x2184, 0x2C00...0xA7FF, 0xAB70...0xABBF,
            0xFB00...0xFB17, 0xFF21...0xFF5A:
            switch scalar {
            case 0x10D0...0x10FF, 0x560, 0x588, 0x1C80...0x1C8A, 0x2129, 0x2C2F, 0x2C5F, 0xA7B0...0xA7FF: false
            case 0xA788, 0xA78F: false
            default: true
            }
        default: false
        }
    }

    private static func isPunctuation(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x21...0x2F, 0x3A...0x7E, 0xFF01...0xFF0F, 0xFF1A...0xFF5E, 0x2018...0x201F, 0x3000...0x3002: true
        default: false
        }
    }
}
