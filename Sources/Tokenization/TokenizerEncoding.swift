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
        var encoding = TextEncoding(self)
        return encoding.tokens(of: text, controlRanges: control == .recognised ? [0..<text.count] : [])
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
        var encoding = TextEncoding(self)
        return text.withUnsafeBytes { encoding.tokens(of: $0, controlRanges: ranges) }
    }

    /// The tokens of a plain text as the model was trained on them, with the begin and closing tokens that it wants.
    package func encodeWhole(_ text: [UInt8], control: ControlTokens) -> [Int32] {
        let begin = addsBegin ? beginToken.map { [$0] } ?? [] : []
        return begin + encode(text, control: control) + (closingToken.map { [$0] } ?? [])
    }
}
