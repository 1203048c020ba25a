// SPDX-License-Identifier: Apache-2.0

extension Tokenizer {
    /// Adds the symbols of a word to the merger: its bytes, or its characters with the vocabulary's replacements for
    /// those that it lacks.
    func addSymbols(of word: UnsafeRawBufferPointer, to merger: inout WordMerger) {
        guard model == .sentencePairs else {
            for byte in word {
                if let token = token(ofByte: byte) ?? unknownToken { merger.append(token) }
            }
            return
        }
        var index = 0
        var lastUnknown = false
        while index < word.count {
            let end = index + Self.sizeOfCharacter(in: word, at: index)
            if let match = exactMatch(in: word, index..<end) {
                merger.append(match)
                lastUnknown = false
            } else if fallsBackToBytes, word[index..<end].allSatisfy({ token(ofByte: $0) != nil }) {
                for byte in word[index..<end] {
                    if let token = token(ofByte: byte) { merger.append(token) }
                }
                lastUnknown = false
            } else if let unknownToken {
                if !(lastUnknown && fusesUnknown) { merger.append(unknownToken) }
                lastUnknown = true
            }
            index = end
        }
    }

    /// The size of the character at a place, as its first byte states it: in a text that is no UTF-8 the bytes that
    /// it claims are one symbol, as llama.cpp has it.
    static func sizeOfCharacter(in text: UnsafeRawBufferPointer, at index: Int) -> Int {
        let stated =
            switch text[index] {
            case 0xC0...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xFF: 4
            default: 1
            }
        return min(stated, text.count - index)
    }

    private func exactMatch(in text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int32? {
        var node = PrefixTree.root
        var token: Int32?
        for index in range {
            guard let step = prefixes.step(from: node, along: text[index]) else { return nil }
            node = step.node
            token = step.token
        }
        return token
    }
}
