// SPDX-License-Identifier: Apache-2.0

/// Lays a vocabulary out as the flat tables that `Tokenizer` reads. Runs once, when a model is packed.
package struct TokenizerBuilder {
    let vocabulary: Vocabulary
    var section = [UInt8](repeating: 0, count: TokenizerFormat.headerSize)
    private(set) var texts: [[UInt8]] = []
    private(set) var ids: [[UInt8]: Int32] = [:]

    /// The section for a vocabulary, or why there is none.
    package static func section(for vocabulary: Vocabulary) throws(TokenizerError) -> [UInt8] {
        var builder = TokenizerBuilder(vocabulary)
        try builder.checkSizes()
        builder.readTexts()
        builder.putHeader()
        try builder.putTexts()
        builder.putBytes()
        try builder.putMerges()
        try builder.putWords()
        try builder.putSpecials()
        builder.putScores()
        try builder.putPrefixes()
        try builder.putSteps()
        try builder.putSplits()
        return builder.section
    }

    private init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
    }

    private func checkSizes() throws(TokenizerError) {
        let count = vocabulary.tokens.count
        guard count > 0 else { throw .inconsistentVocabulary("it has no tokens") }
        guard count <= TokenizerFormat.maxTokens else {
            throw .tooLarge(what: "tokens", count: count, limit: TokenizerFormat.maxTokens)
        }
        guard vocabulary.kinds.count == count else {
            throw .inconsistentVocabulary("it has \(count) tokens and \(vocabulary.kinds.count) token types")
        }
        guard vocabulary.merges.count <= TokenizerFormat.maxMerges else {
            throw .tooLarge(what: "merges", count: vocabulary.merges.count, limit: TokenizerFormat.maxMerges)
        }
        guard vocabulary.endTokens.count <= TokenizerFormat.maxEndTokens else {
            throw .tooLarge(
                what: "end tokens", count: vocabulary.endTokens.count, limit: TokenizerFormat.maxEndTokens)
        }
        let hasScores = vocabulary.model == .unigram || vocabulary.model == .sentencePairs && vocabulary.merges.isEmpty
        guard !hasScores || vocabulary.scores.count == count else {
            throw .inconsistentVocabulary("it has \(count) tokens and \(vocabulary.scores.count) scores")
        }
        guard vocabulary.scores.allSatisfy(\.isFinite) else {
            throw .inconsistentVocabulary("one of its scores is not a number")
        }
        let named =
            [vocabulary.beginToken, vocabulary.unknownToken, vocabulary.closingToken]
            + vocabulary.endTokens.map(Optional.some)
        guard vocabulary.modelTexts.keys.allSatisfy({ $0 >= 0 && Int($0) < count }) else {
            throw .inconsistentVocabulary("a token that the model makes is not one of its \(count)")
        }
        for case .some(let token) in named where token < 0 || Int(token) >= count {
            throw .inconsistentVocabulary("the special token \(token) is not one of its \(count) tokens")
        }
    }

    private mutating func readTexts() {
        texts.reserveCapacity(vocabulary.tokens.count)
        for (index, token) in vocabulary.tokens.enumerated() {
            let kind = vocabulary.kinds[index]
            let bytes = self.text(of: token, kind)
            texts.append(bytes)
            // A raw space in a SentencePiece token is reached by no text: its spaces are written as U+2581.
            let isReachable = vocabulary.model == .bytePairs || !token.utf8.contains(UInt8(ascii: " "))
            if kind == .normal, isReachable, ids[bytes] == nil { ids[bytes] = Int32(index) }
        }
        for (token, text) in vocabulary.modelTexts.sorted(by: { $0.key < $1.key }) {
            let bytes = self.text(of: text, .normal)
            if ids[bytes] == nil { ids[bytes] = token }
        }
    }

    private func text(of token: String, _ kind: TokenKind) -> [UInt8] {
        switch (kind, vocabulary.model) {
        case (.normal, .bytePairs): return ByteAlphabet.bytes(of: token) ?? Array(token.utf8)
        case (.byte, _): return Self.byte(writtenAs: token).map { [$0] } ?? Array(token.utf8)
        case (.normal, .wordPiece):
            // Only the mark that begins a word is a space here; text keeps its own.
            return token.utf8.starts(with: "\u{2581}".utf8)
                ? [UInt8(ascii: " ")] + Array(token.utf8.dropFirst(3)) : Array(token.utf8)
        case (.normal, _): return Self.withSpaces(token)
        default: return Array(token.utf8)
        }
    }

    /// The byte of a token such as `<0x0A>`; nil for other texts.
    package static func byte(writtenAs token: String) -> UInt8? {
        guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
        return UInt8(token.dropFirst(3).dropLast(), radix: 16)
    }

    /// The bytes of a text with a space for every U+2581.
    package static func withSpaces(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { $0 == "\u{2581}" ? [UInt8(ascii: " ")] : Array(String($0).utf8) }
    }

    private mutating func putHeader() {
        typealias Header = TokenizerFormat.Header
        section.put(TokenizerFormat.signature, at: Header.signature)
        section.put(TokenizerFormat.version, at: Header.version)
        section.put(preTokenizer.rawValue, at: Header.preTokenizer)
        section.put(UInt32(texts.count), at: Header.vocabularySize)
        section.put(vocabulary.beginToken ?? -1, at: Header.beginToken)
        section.put(vocabulary.unknownToken ?? -1, at: Header.unknownToken)
        section.put(flags, at: Header.flags)
        section.put(vocabulary.model.rawValue, at: Header.model)
        section.put(vocabulary.spacePrefix.rawValue, at: Header.spacePrefix)
        section.put(vocabulary.closingToken ?? -1, at: Header.closingToken)
        section.put(UInt32(clamping: vocabulary.longestWord), at: Header.longestWord)
        section.put(UInt32(vocabulary.endTokens.count), at: Header.endTokenCount)
        for (index, token) in vocabulary.endTokens.enumerated() {
            section.put(token, at: Header.endTokens + 4 * index)
        }
    }

    private var flags: UInt32 {
        typealias Flag = TokenizerFormat.Flag
        let flags: [(Bool, UInt32)] = [
            (vocabulary.addsBegin, Flag.addsBegin), (vocabulary.kinds.contains(.byte), Flag.fallsBackToBytes),
            (vocabulary.fusesUnknown, Flag.fusesUnknown),
        ]
        return flags.reduce(0) { $0 | ($1.0 ? $1.1 : 0) }
    }

    /// SentencePiece joins across words only where a token has a space behind another character.
    private var preTokenizer: PreTokenizer {
        guard vocabulary.preTokenizer == .whole, vocabulary.model == .sentencePairs else {
            return vocabulary.preTokenizer
        }
        let space = UInt8(ascii: " ")
        let crosses = ids.keys.contains { text in zip(text, text.dropFirst()).contains { $0 != space && $1 == space } }
        return crosses ? .whole : .spaces
    }

    private mutating func putTexts() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        let total = texts.reduce(0) { $0 + $1.count }
        guard total <= 1 << 28 else { throw .tooLarge(what: "bytes of token texts", count: total, limit: 1 << 28) }
        beginTable(Header.tokenOffsets)
        var offset: UInt32 = 0
        for text in texts {
            section.append(number: offset)
            offset += UInt32(text.count)
        }
        section.append(number: offset)
        beginTable(Header.text)
        section.put(offset, at: Header.textSize)
        for text in texts { section.append(contentsOf: text) }
        beginTable(Header.kinds)
        section.append(contentsOf: vocabulary.kinds.map(\.rawValue))
    }

    private mutating func putBytes() {
        beginTable(TokenizerFormat.Header.byteTokens)
        var tokens = [Int32](repeating: -1, count: 256)
        for (index, text) in texts.enumerated() where text.count == 1 {
            let wanted: TokenKind = vocabulary.model == .bytePairs ? .normal : .byte
            let isOwn = vocabulary.kinds[index] == wanted || vocabulary.modelTexts[Int32(index)] != nil
            if isOwn, tokens[Int(text[0])] < 0 { tokens[Int(text[0])] = Int32(index) }
        }
        for token in tokens { section.append(number: token) }
    }

    private mutating func putWords() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        beginTable(Header.words)
        guard vocabulary.prefersWholeWords ?? vocabulary.preTokenizer.prefersWholeWords else { return }
        let words = ids.sorted { $0.value < $1.value }
        var table = HashTableLayout(count: words.count)
        try table.place(words.map { TokenizerFormat.hash($0.key) })
        section.put(UInt32(table.slots.count), at: Header.wordSlots)
        for slot in table.slots { section.append(number: slot >= 0 ? UInt32(words[slot].value) + 1 : 0) }
    }

    /// Aligns the section's end and notes it as a table's beginning.
    mutating func beginTable(_ field: Int) {
        while section.count % 16 != 0 { section.append(0) }
        section.put(UInt32(section.count), at: field)
    }
}
