// SPDX-License-Identifier: Apache-2.0

/// Whether the text of a control token stands for that token.
package enum ControlTokens: Sendable {
    /// `<|im_end|>` is ten characters of text, as in everything that a user writes.
    case asText
    /// `<|im_end|>` ends the turn, as in what a chat template writes.
    case recognised
}

/// A piece of a text that is encoded as one with its neighbours.
package struct TextPiece: Sendable {
    /// UTF-8; other bytes are encoded as they are.
    package let bytes: [UInt8]
    /// Whether control tokens that lie wholly inside this piece are recognised.
    package let control: ControlTokens

    /// A piece as given.
    package init(bytes: [UInt8], control: ControlTokens) {
        self.bytes = bytes
        self.control = control
    }
}

extension Tokenizer {
    /// The tokens of a text, without a begin token. Any bytes are allowed.
    package func encode(_ text: UnsafeRawBufferPointer, control: ControlTokens) -> [Int32] {
        var tokens: [Int32] = []
        var merger = WordMerger()
        encode(text, controlRanges: control == .recognised ? [0..<text.count] : [], &merger, into: &tokens)
        return tokens
    }

    /// The tokens of a text, without a begin token. Any bytes are allowed.
    package func encode(_ text: [UInt8], control: ControlTokens) -> [Int32] {
        text.withUnsafeBytes { encode($0, control: control) }
    }

    /// The tokens of a text whose pieces come from different hands. Words and merges reach across the pieces'
    /// borders, so that the tokens are those of the whole text; only control tokens do not.
    package func encode(_ pieces: [TextPiece]) -> [Int32] {
        var text: [UInt8] = []
        var ranges: [Range<Int>] = []
        for piece in pieces {
            if piece.control == .recognised { ranges.append(text.count..<text.count + piece.bytes.count) }
            text.append(contentsOf: piece.bytes)
        }
        var tokens: [Int32] = []
        var merger = WordMerger()
        text.withUnsafeBytes { encode($0, controlRanges: ranges, &merger, into: &tokens) }
        return tokens
    }

    /// `controlRanges` is ascending and without overlaps.
    private func encode(
        _ text: UnsafeRawBufferPointer, controlRanges: [Range<Int>], _ merger: inout WordMerger,
        into tokens: inout [Int32]
    ) {
        var range = 0
        var fragment = 0
        var position = 0
        while position < text.count {
            while range < controlRanges.count, controlRanges[range].upperBound <= position { range += 1 }
            let inside = range < controlRanges.count && controlRanges[range].contains(position)
            guard
                let token = special(
                    in: text, at: position, controlEnd: inside ? controlRanges[range].upperBound : position)
            else {
                position += 1
                continue
            }
            encode(words: text, in: fragment..<position, &merger, into: &tokens)
            tokens.append(token)
            position += self.text(of: token).count
            fragment = position
        }
        encode(words: text, in: fragment..<text.count, &merger, into: &tokens)
    }

    private func encode(
        words text: UnsafeRawBufferPointer, in range: Range<Int>, _ merger: inout WordMerger,
        into tokens: inout [Int32]
    ) {
        guard !range.isEmpty else { return }
        let fragment = UnsafeRawBufferPointer(rebasing: text[range])
        var start = 0
        while start < fragment.count {
            let end = preTokenizer.endOfWord(in: fragment, at: start)
            let word = UnsafeRawBufferPointer(rebasing: fragment[start..<end])
            start = end
            if let whole = token(ofWord: word) {
                tokens.append(whole)
                continue
            }
            merger.reset()
            for byte in word {
                if let token = token(ofByte: byte) ?? unknownToken { merger.append(token) }
            }
            merger.merge(by: merges, into: &tokens)
        }
    }
}
