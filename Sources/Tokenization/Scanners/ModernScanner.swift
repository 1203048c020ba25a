// SPDX-License-Identifier: Apache-2.0

/// The words of `PreTokenizer.llama3` and `PreTokenizer.qwen2`, which differ in the longest number.
struct ModernScanner: WordScanning {
    let text: UnsafeRawBufferPointer
    /// Digits of one word.
    let longestNumber: Int

    /// Where the word at `start` ends: the expression's alternatives in their order.
    func endOfWord(at start: Int) -> Int {
        if let end = endOfContraction(at: start, ignoringCase: true) { return end }
        guard let first = character(at: start) else { return text.count }
        if first.kind == .letter { return endOfRun(of: .letter, from: first.end) }
        if first.kind == .number { return endOfNumber(from: first.end) }
        let second = character(at: first.end)
        if first.kind != .newline, let second, second.kind == .letter {
            return endOfRun(of: .letter, from: second.end)
        }
        if first.kind == .other { return endOfSymbols(from: first.end) }
        if text[start] == UInt8(ascii: " "), let second, second.kind == .other {
            return endOfSymbols(from: second.end)
        }
        return endOfLines(at: start) ?? endOfSpace(at: start)
    }

    private func endOfNumber(from second: Int) -> Int {
        var index = second
        for _ in 1..<max(longestNumber, 1) {
            guard let next = character(at: index), next.kind == .number else { break }
            index = next.end
        }
        return index
    }

    private func endOfSymbols(from second: Int) -> Int {
        endOfRun(of: .newline, from: endOfRun(of: .other, from: second))
    }

    /// The end of `\s*[\r\n]+`: after the last line break of a run of white space; nil without one.
    private func endOfLines(at start: Int) -> Int? {
        var end: Int?
        var index = start
        while let next = character(at: index), next.kind.isSpace {
            if next.kind == .newline { end = next.end }
            index = next.end
        }
        return end
    }
}
