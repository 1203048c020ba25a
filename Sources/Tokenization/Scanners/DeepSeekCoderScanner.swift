// SPDX-License-Identifier: Apache-2.0

/// The words of `PreTokenizer.deepseekCoder`: line breaks by themselves, letters and punctuation with the one white
/// space before them, runs of ideographs, single digits, and what is left between.
struct DeepSeekCoderScanner: WordScanning {
    let text: UnsafeRawBufferPointer

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
        guard let kind = kindOfRun(at: start) else { return endOfRest(at: start, first) }
        // Ideographs are cut out of words too.
        var index = first.end
        while let next = look(index), next.kind == kind, next.isIdeograph == first.isIdeograph { index = next.end }
        return index
    }

    /// Whether `\s?X+` begins at a place, for letters or for punctuation; nil where neither does.
    private func kindOfRun(at start: Int) -> Kind? {
        guard let first = look(start) else { return nil }
        if first.kind == .letter || first.kind == .punctuation { return first.kind }
        guard first.kind == .space, let second = look(first.end),
            second.kind == .letter || second.kind == .punctuation
        else { return nil }
        return second.kind
    }

    /// Splits what letters, punctuation and line breaks left over: ideographs, digits, gaps.
    private func endOfRest(at start: Int, _ first: Character) -> Int {
        if first.isIdeograph { return endOfRun(from: first.end) { $0.isIdeograph } }
        if first.kind == .number { return first.end }
        return endOfRun(from: first.end) { !$0.isIdeograph && $0.kind != .number }
    }

    private func endOfRun(from start: Int, while matches: (Character) -> Bool) -> Int {
        var index = start
        while let next = look(index), next.kind != .newline, matches(next), kindOfRun(at: index) == nil {
            index = next.end
        }
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
        case .newline: .newline
        case .whiteSpace: .space
        case .number: .number
        case .letter: .letter
        case .other: DetailedCategory(of: scalar) == .punctuation ? .punctuation : .other
        }
    }
}
