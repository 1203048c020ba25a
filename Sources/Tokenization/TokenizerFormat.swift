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
///     specials          ids of tokens that are found in text before it is split, longest first for each byte
enum TokenizerFormat {
    /// "DFTOKENS" as a little-endian number.
    static let signature: UInt64 = 0x534E_454B_4F54_4644
    /// Raised when anything below changes.
    static let version: UInt32 = 1
    static let headerSize = 256
    static let mergeRecordSize = 16
    static let mostTokens = 1 << 20
    static let mostMerges = 1 << 21
    static let mostSpecials = 1 << 14
    static let longestSpecial = 512
    static let mostEndTokens = 16
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
    }

    /// A bit of `Header.flags`.
    enum Flag {
        static let addsBegin: UInt32 = 1
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
}

extension UnsafeRawBufferPointer {
    /// A little-endian number at an offset that the caller has checked.
    func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type = Number.self) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
