// SPDX-License-Identifier: Apache-2.0

/// Texts to tokens and back, over mapped tables.
///
/// Verification checks that every table lies inside the section and takes the same time for every vocabulary; what
/// the tables hold is checked where it is used, so that a start touches no more of them than its first text needs.
/// The bytes must stay mapped and unchanged as long as the value is used.
package struct Tokenizer: @unchecked Sendable {
    /// Number of tokens; ids are `0..<vocabularySize`.
    package let vocabularySize: Int
    /// The token that begins a text, where the model has one.
    package let beginToken: Int32?
    /// Whether a plain text begins with `beginToken`. A chat template writes it by itself.
    package let addsBegin: Bool
    /// The tokens that end an answer.
    package let endTokens: [Int32]

    /// The token that a plain text ends with, where the model wants one. A chat template writes it by itself.
    package let closingToken: Int32?

    let model: TokenizerModel
    let spacePrefix: SpacePrefix
    let fallsBackToBytes: Bool
    let fusesUnknown: Bool
    let longestWord: Int
    let preTokenizer: PreTokenizer
    let splits: [PatternProgram]
    let unknownToken: Int32?
    let merges: MergeTable
    let prefixes: PrefixTree
    let normalizer: Normalizer
    /// The tokens that are found in text as it is.
    let specials: SpecialTable
    /// The tokens that are found in normalised text.
    let normalizedSpecials: SpecialTable
    /// The score of the least likely token.
    let leastScore: Double
    private let scores: UnsafeRawBufferPointer
    private let tokenOffsets: UnsafeRawBufferPointer
    private let text: UnsafeRawBufferPointer
    private let kinds: UnsafeRawBufferPointer
    private let byteTokens: UnsafeRawBufferPointer
    private let words: UnsafeRawBufferPointer

    /// Checks a section that `TokenizerBuilder` made.
    package init(verifying section: UnsafeRawBufferPointer) throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        let tables = try TableDirectory(section)
        let size = try tables.count(Header.vocabularySize, "vocabulary size", in: 1...TokenizerFormat.maxTokens)
        guard let preTokenizer = PreTokenizer(rawValue: section.number(Header.preTokenizer)) else {
            throw .damagedTables(field: "pre-tokenizer")
        }
        vocabularySize = size
        self.preTokenizer = preTokenizer
        beginToken = try tables.token(Header.beginToken, "begin token", vocabularySize: size)
        unknownToken = try tables.token(Header.unknownToken, "unknown token", vocabularySize: size)
        closingToken = try tables.token(Header.closingToken, "closing token", vocabularySize: size)
        let flags: UInt32 = section.number(Header.flags)
        addsBegin = flags & TokenizerFormat.Flag.addsBegin != 0
        fallsBackToBytes = flags & TokenizerFormat.Flag.fallsBackToBytes != 0
        fusesUnknown = flags & TokenizerFormat.Flag.fusesUnknown != 0
        guard let model = TokenizerModel(rawValue: section.number(Header.model)),
            let spacePrefix = SpacePrefix(rawValue: section.number(Header.spacePrefix))
        else { throw .damagedTables(field: "model") }
        self.model = model
        self.spacePrefix = spacePrefix
        longestWord = Int(section.number(Header.longestWord, as: UInt32.self))
        endTokens = try tables.endTokens(vocabularySize: size)

        tokenOffsets = try tables.table(Header.tokenOffsets, "token offsets", count: size + 1, of: 4)
        let textSize = try tables.count(Header.textSize, "text size", in: 0...section.count)
        text = try tables.table(Header.text, "text", count: textSize, of: 1)
        kinds = try tables.table(Header.kinds, "token kinds", count: size, of: 1)
        byteTokens = try tables.table(Header.byteTokens, "byte tokens", count: 256, of: 4)
        let mergeSlots = try tables.slots(Header.mergeSlots, "merge slots")
        merges = MergeTable(
            slots: try tables.table(
                Header.merges, "merges", count: mergeSlots, of: TokenizerFormat.mergeRecordSize),
            vocabularySize: size)
        words = try tables.table(
            Header.words, "words", count: try tables.slots(Header.wordSlots, "word slots"), of: 4)
        let specialBytes = try tables.count(Header.specialTextSize, "special text size", in: 0...section.count)
        let specialText = try tables.table(Header.specialText, "special text", count: specialBytes, of: 1)
        specials = try tables.specials(Header.specialStarts, Header.specials, Header.specialCount, specialText)
        normalizedSpecials = try tables.specials(
            Header.normalizedStarts, Header.normalizedSpecials, Header.normalizedCount, specialText)
        let prefixSlots = try tables.slots(Header.prefixSlots, "prefix slots")
        prefixes = PrefixTree(
            slots: try tables.table(
                Header.prefixes, "prefixes", count: prefixSlots, of: TokenizerFormat.mergeRecordSize),
            vocabularySize: size)
        // The least score stands behind those of the tokens, so that a start need not look for it.
        scores = try tables.table(Header.scores, "scores", count: model == .unigram ? size + 1 : 0, of: 8)
        leastScore = scores.isEmpty ? 0 : Double(bitPattern: scores.number(8 * size))
        let splitNumbers = try tables.count(Header.splitNumbers, "splits", in: 0...1 << 20)
        splits = try PatternProgram.all(in: tables.table(Header.splits, "splits", count: splitNumbers, of: 4))
        let steps = try tables.count(Header.stepCount, "step count", in: 0...TokenizerFormat.maxSteps)
        let stepBytes = try tables.count(Header.stepByteCount, "step bytes", in: 0...section.count)
        normalizer = try Normalizer(
            records: tables.table(Header.steps, "steps", count: steps, of: TokenizerFormat.stepRecordSize),
            count: steps, bytes: tables.table(Header.stepBytes, "step bytes", count: stepBytes, of: 1))
    }

    /// Whether texts of this model begin with a space that is not theirs.
    var writesLeadingSpace: Bool { spacePrefix != .never || model == .wordPiece || normalizer.prependsSpace }

    /// Whether texts behind special tokens do, too.
    var writesSpaceBehindSpecials: Bool { spacePrefix == .always || normalizer.prependsSpace }

    /// The score of a token of the vocabulary, `.unigram` only.
    func score(of token: Int32) -> Double {
        Double(bitPattern: scores.number(8 * Int(token)))
    }

    /// The bytes that a token adds to a text: none for control tokens and for ids that do not exist. One token may
    /// hold a part of a character (see `IncrementalDetokenizer`).
    package func bytes(of token: Int32) -> UnsafeRawBufferPointer {
        switch kind(of: token) {
        case .normal, .userDefined, .byte: text(of: token)
        default: UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    /// The text by which a token is written, also for control tokens such as `<|im_end|>`.
    package func text(of token: Int32) -> UnsafeRawBufferPointer {
        guard token >= 0, Int(token) < vocabularySize else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = Int(tokenOffsets.number(4 * Int(token), as: UInt32.self))
        let end = Int(tokenOffsets.number(4 * Int(token) + 4, as: UInt32.self))
        guard start <= end, end <= text.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: text[start..<end])
    }

    /// What a token is for; `.unused` for ids that do not exist.
    package func kind(of token: Int32) -> TokenKind {
        guard token >= 0, Int(token) < vocabularySize else { return .unused }
        return TokenKind(rawValue: kinds[Int(token)]) ?? .unused
    }

    /// Whether a token is structure rather than text.
    package func isControl(_ token: Int32) -> Bool {
        kind(of: token) == .control
    }

    /// The token of a single byte, where the vocabulary has it.
    func token(ofByte byte: UInt8) -> Int32? {
        let token: Int32 = byteTokens.number(4 * Int(byte))
        return token >= 0 && Int(token) < vocabularySize ? token : nil
    }

    /// The token whose text is exactly this word, for vocabularies that look before they merge.
    func token(ofWord word: UnsafeRawBufferPointer) -> Int32? {
        let slots = words.count / 4
        guard slots > 0 else { return nil }
        var slot = Int(truncatingIfNeeded: TokenizerFormat.hash(word)) & (slots - 1)
        for _ in 0..<TokenizerFormat.longestProbe {
            let stored: UInt32 = words.number(4 * slot)
            guard stored > 0, Int(stored) <= vocabularySize else { return nil }
            let token = Int32(stored - 1)
            if text(of: token).elementsEqual(word) { return token }
            slot = (slot + 1) & (slots - 1)
        }
        return nil
    }
}
