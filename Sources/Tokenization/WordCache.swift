// SPDX-License-Identifier: Apache-2.0

/// Remembers the tokens of short words within one text: words of languages come again and again, and merging them is
/// what takes the time. One entry per slot, the newest wins; memory is made with the first word of a text that is
/// worth it.
struct WordCache {
    private static let slotCount = 1 << 12
    private static let longestWord = 16
    private static let maxTokens = 4
    /// Texts with fewer words than this do not pay for the table.
    private static let wordsBefore = 256

    private struct Entry {
        var low: UInt64 = 0
        var high: UInt64 = 0
        /// Bytes of the word; 0 for a free slot.
        var size: UInt8 = 0
        var count: UInt8 = 0
        var tokens: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    }

    private var entries: [Entry] = []
    private var seen = 0

    /// Adds the tokens of a word that was kept; false where it was not.
    mutating func appendTokens(of word: UnsafeRawBufferPointer, to tokens: inout [Int32]) -> Bool {
        seen += 1
        guard !entries.isEmpty, word.count <= Self.longestWord else { return false }
        let (low, high) = Self.key(word)
        let entry = entries[Self.slot(low, high, word.count)]
        guard Int(entry.size) == word.count, entry.low == low, entry.high == high else { return false }
        tokens.append(entry.tokens.0)
        if entry.count > 1 { tokens.append(entry.tokens.1) }
        if entry.count > 2 { tokens.append(entry.tokens.2) }
        if entry.count > 3 { tokens.append(entry.tokens.3) }
        return true
    }

    /// Keeps a word with its tokens, where both are short.
    mutating func keep(_ word: UnsafeRawBufferPointer, _ tokens: ArraySlice<Int32>) {
        guard seen > Self.wordsBefore, word.count <= Self.longestWord, (1...Self.maxTokens).contains(tokens.count)
        else { return }
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.slotCount) }
        let (low, high) = Self.key(word)
        let first = tokens.startIndex
        func token(_ index: Int) -> Int32 { index < tokens.count ? tokens[first + index] : 0 }
        entries[Self.slot(low, high, word.count)] = Entry(
            low: low, high: high, size: UInt8(word.count), count: UInt8(tokens.count),
            tokens: (token(0), token(1), token(2), token(3)))
    }

    private static func slot(_ low: UInt64, _ high: UInt64, _ size: Int) -> Int {
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(size)) &* 0xD6E8_FEB8_6659_FD93
        return Int(mixed >> 52)
    }

    private static func key(_ word: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in 0..<min(word.count, 8) { low = low << 8 | UInt64(word[index]) }
        if word.count > 8 {
            for index in 8..<word.count { high = high << 8 | UInt64(word[index]) }
        }
        return (low, high)
    }
}
