// SPDX-License-Identifier: Apache-2.0

/// The tokenizer's section of an artefact: a header of 256 bytes with counts and offsets, then flat tables that are
/// used where they lie. Little-endian; every table begins at a multiple of 16.
///
///     tokenOffsets      vocabulary + 1 numbers of 32 bits: where each token's text begins in `text`
///     text              the bytes of all tokens
///     kinds             one byte per token, a `TokenKind`
///     byteTokens        256 token ids: the token of a single byte, or -1
///     merges            hash table of `mergeSlots` records {left, right, result, rank + 1}; rank + 1 = 0 is free
///     words             hash table of `wordSlots` token ids + 1 by text; only where whole words go before merges
///     specialStarts     257 numbers: the range in `specials` of the tokens that begin with a byte
///     specials          records {token, rule, offset and size of the text} of tokens that are found in text before it is
///                       normalised, longest first for each byte
///     normalizedStarts  the same for tokens that are found in normalised text, before it is split
///     normalizedSpecials
///     specialText       what the records' offsets point to; the normalised forms of the latter tokens
///     scores            one 64-bit float per token; only for `.unigram`
///     prefixes          hash table of `prefixSlots` records {node, byte, next node, token + 2}: the tree of all
///                       tokens' texts by byte; token + 2 = 0 is free, 1 is no token; not for `.bytePairs`
///     steps             `stepCount` records {kind, first offset, size, second offset, size} of normalisation
///     stepBytes         what the steps' offsets point to
///     splits            `splitNumbers` numbers of 32 bits, see `PatternFormat`; only for `.patterns`
enum TokenizerFormat {
    /// "DFTOKENS" as a little-endian number.
    static let signature: UInt64 = 0x534E_454B_4F54_4644
    /// Raised when anything below changes.
    static let version: UInt32 = 4
    static let headerSize = 256
    static let mergeRecordSize = 16
    static let maxTokens = 1 << 20
    static let maxMerges = 1 << 21
    static let maxSpecials = 1 << 14
    static let specialRecordSize = 16
    static let longestSpecial = 512
    static let maxEndTokens = 16
    static let maxSteps = 16
    static let stepRecordSize = 20
    /// A lookup gives up after so many slots; the builder enlarges its table before it needs them.
    static let longestProbe = 128

    /// Offsets in the header.
    enum Header {
        static let signature = 0
        static let version = 8
        static let preTokenizer = 12
        static let vocabularySize = 16
        static let beginToken = 20
        static let unknownToken = 24
        static let flags = 28
        static let endTokenCount = 32
        static let endTokens = 36
        static let tokenOffsets = 128
        static let text = 132
        static let textSize = 136
        static let kinds = 140
        static let byteTokens = 144
        static let merges = 148
        static let mergeSlots = 152
        static let words = 156
        static let wordSlots = 160
        static let specialStarts = 164
        static let specials = 168
        static let specialCount = 172
        static let specialText = 176
        static let scores = 180
        static let prefixes = 184
        static let prefixSlots = 188
        static let steps = 192
        static let stepCount = 196
        static let stepBytes = 200
        static let stepByteCount = 204
        static let model = 208
        static let spacePrefix = 212
        static let closingToken = 216
        static let longestWord = 220
        static let splits = 224
        static let splitNumbers = 228
        static let normalizedStarts = 232
        static let normalizedSpecials = 236
        static let normalizedCount = 240
        static let specialTextSize = 244
    }

    /// A bit of `Header.flags`.
    enum Flag {
        static let addsBegin: UInt32 = 1
        static let fallsBackToBytes: UInt32 = 2
        static let fusesUnknown: UInt32 = 4
    }

    /// Spreads a pair of tokens over the merge table.
    static func hash(left: UInt32, right: UInt32) -> UInt64 {
        let pair = UInt64(left) << 32 | UInt64(right)
        let product = (pair ^ 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        return product ^ (product >> 32)
    }

    /// Spreads texts over the word table (FNV-1a).
    static func hash(_ text: some Sequence<UInt8>) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return value ^ (value >> 32)
    }
}

/// What a token is for. The numbers are part of the stored form.
package enum TokenKind: UInt8, Sendable {
    /// Ordinary text.
    case normal = 0
    /// Structure, such as the end of a turn: has no text of its own and is recognised in templates only.
    case control = 1
    /// Text that is always one token, wherever it stands.
    case userDefined = 2
    /// A place that no text reaches.
    case unused = 3
    /// Stands for what the vocabulary lacks.
    case unknown = 4
    /// A single byte, for characters that the vocabulary lacks; no text reaches it otherwise.
    case byte = 5
}

/// How a token that is found in text before it is split treats what stands around it.
package struct SpecialRule: OptionSet, Sendable {
    /// White space before it belongs to it.
    package static let stripsLeft = SpecialRule(rawValue: 1)
    /// White space after it belongs to it.
    package static let stripsRight = SpecialRule(rawValue: 2)
    /// Counts only where no letter, number, mark or underscore touches it.
    package static let singleWord = SpecialRule(rawValue: 4)
    /// Looked for in normalised text, by its own normalised form.
    package static let normalized = SpecialRule(rawValue: 8)

    /// The stored bits.
    package let rawValue: UInt8

    /// Rules by their stored bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }
}

/// Which fragments of a text get a space in front before they are split. The numbers are part of the stored form.
package enum SpacePrefix: UInt32, Sendable {
    case never = 0
    /// Every fragment between special tokens.
    case always = 1
    /// Every fragment that does not begin with a space.
    case whereMissing = 2
    /// The fragment at the text's beginning, where it does not begin with a space.
    case firstWhereMissing = 3
}

/// How words become tokens. The numbers are part of the stored form.
package enum TokenizerModel: UInt32, Sendable {
    /// Byte-level pairs: every byte is a symbol, merges join them by rank.
    case bytePairs = 0
    /// SentencePiece pairs: every character is a symbol, merges join them by rank; a space is written as one.
    case sentencePairs = 1
    /// SentencePiece unigram: the tokens with the greatest sum of scores.
    case unigram = 2
    /// The longest token first, word by word; texts of tokens that begin a word have a space in front.
    case wordPiece = 3
}

extension UnsafeRawBufferPointer {
    /// A little-endian number at an offset that the caller has checked.
    func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type = Number.self) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
