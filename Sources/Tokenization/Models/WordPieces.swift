// SPDX-License-Identifier: Apache-2.0

extension Tokenizer {
    /// Adds the pieces of every word of a text: the longest token first, the whole word unknown where none fits.
    func encodeWordPieces(_ text: UnsafeRawBufferPointer, into tokens: inout [Int32]) {
        let words = BasicWords(text: text)
        let wordStart = prefixes.step(from: PrefixTree.root, along: UInt8(ascii: " "))?.node
        var position = 0
        while let word = words.word(from: position) {
            position = word.upperBound
            let bytes = UnsafeRawBufferPointer(rebasing: text[word])
            let count = tokens.count
            if let wordStart, !isTooLong(bytes), addPieces(of: bytes, from: wordStart, into: &tokens) { continue }
            tokens.removeSubrange(count...)
            if let unknownToken { tokens.append(unknownToken) }
        }
    }

    private func addPieces(
        of word: UnsafeRawBufferPointer, from wordStart: UInt32, into tokens: inout [Int32]
    ) -> Bool {
        var index = 0
        var origin = wordStart
        while index < word.count {
            guard let match = prefixes.longestMatch(in: word, at: index, from: origin) else { return false }
            tokens.append(match.token)
            index = match.end
            origin = PrefixTree.root
        }
        return true
    }

    private func isTooLong(_ word: UnsafeRawBufferPointer) -> Bool {
        guard longestWord > 0, word.count > longestWord else { return false }
        return word.lazy.filter { $0 & 0xC0 != 0x80 }.count > longestWord
    }
}
