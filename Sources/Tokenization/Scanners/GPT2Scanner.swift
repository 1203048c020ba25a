// SPDX-License-Identifier: Apache-2.0

/// The words of `PreTokenizer.gpt2`, and with `separatesDigits` those of `PreTokenizer.smollm`.
struct GPT2Scanner: WordScanning {
    let text: UnsafeRawBufferPointer
    /// Each digit is cut out before anything else, so no word reaches across one.
    var separatesDigits = false

    var numbersEndText: Bool { separatesDigits }

    /// Where the word at `start` ends.
    func endOfWord(at start: Int) -> Int {
        if let end = endOfContraction(at: start, ignoringCase: false) { return end }
        guard let first = character(at: start) else { return text.count }
        if let end = endOfRun(startingWith: first) { return end }
        let isPrewarmed = text[start] == UInt8(ascii: " ")
        if isPrewarmed, let second = character(at: first.end), !(separatesDigits && second.kind == .number),
            let end = endOfRun(startingWith: second)
        {
            return end
        }
        return endOfSpace(at: start)
    }

    /// The end of a run of letters, numbers or others; nil for white space.
    private func endOfRun(startingWith first: ScannedCharacter) -> Int? {
        if first.kind.isSpace { return nil }
        if first.kind == .number, separatesDigits { return first.end }
        return endOfRun(of: first.kind, from: first.end)
    }
}
