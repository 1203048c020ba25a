// SPDX-License-Identifier: Apache-2.0

/// The encoding of one text: special tokens first, then the fragments between them are normalised, split into words
/// and turned into tokens. Holds the memory that all fragments use again.
struct TextEncoding {
    private let tokenizer: Tokenizer
    private var merger = WordMerger()
    private var search = UnigramSearch()
    private var tokens: [Int32] = []
    private var cache = WordCache()
    private var splitting: PatternSplitting?

    /// An encoding that has not begun.
    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        if tokenizer.preTokenizer == .patterns { splitting = PatternSplitting(tokenizer.splits) }
    }

    /// The tokens of a text. `controlRanges`, where control tokens count, is ascending and without overlaps.
    mutating func tokens(of text: UnsafeRawBufferPointer, controlRanges: [Range<Int>]) -> [Int32] {
        for piece in tokenizer.pieces(of: text, at: tokenizer.specials, controlRanges: controlRanges) {
            switch piece {
            case .token(let token): tokens.append(token)
            case .text(let range):
                encode(text, in: range, control: control(in: range, controlRanges))
            }
        }
        return tokens
    }

    private func control(in range: Range<Int>, _ controlRanges: [Range<Int>]) -> ControlTokens {
        guard !tokenizer.normalizedSpecials.isEmpty else { return .asText }
        let isInside = controlRanges.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
        return isInside ? .recognised : .asText
    }

    private mutating func encode(_ text: UnsafeRawBufferPointer, in range: Range<Int>, control: ControlTokens) {
        let fragment = UnsafeRawBufferPointer(rebasing: text[range])
        let isFirst = range.lowerBound == 0
        // SentencePiece's pairs fall back to the bytes themselves.
        guard tokenizer.model != .sentencePairs, let repaired = UTF8Decoding.repaired(fragment) else {
            encode(fragment, isFirst: isFirst, control)
            return
        }
        repaired.withUnsafeBytes { encode($0, isFirst: isFirst, control) }
    }

    private mutating func encode(_ fragment: UnsafeRawBufferPointer, isFirst: Bool, _ control: ControlTokens) {
        guard !tokenizer.normalizer.isEmpty else {
            encode(normalized: fragment, isFirst: isFirst, control)
            return
        }
        var changed = Array(fragment)
        tokenizer.normalizer.normalize(&changed)
        changed.withUnsafeBytes { encode(normalized: $0, isFirst: isFirst, control) }
    }

    /// Where a text ends up is not known after its normalisation, so that control tokens that are found in normalised
    /// text count only where all of it may hold them.
    private mutating func encode(
        normalized text: UnsafeRawBufferPointer, isFirst: Bool, _ control: ControlTokens
    ) {
        guard !tokenizer.normalizedSpecials.isEmpty else {
            encode(fragment: text, isFirst: isFirst)
            return
        }
        let ranges = control == .recognised ? [0..<text.count] : []
        for piece in tokenizer.pieces(of: text, at: tokenizer.normalizedSpecials, controlRanges: ranges) {
            switch piece {
            case .token(let token): tokens.append(token)
            case .text(let range):
                encode(
                    fragment: UnsafeRawBufferPointer(rebasing: text[range]), isFirst: isFirst && range.lowerBound == 0)
            }
        }
    }

    private mutating func encode(fragment text: UnsafeRawBufferPointer, isFirst: Bool) {
        guard needsSpace(text, isFirst: isFirst) else {
            encode(words: text)
            return
        }
        var spaced = [UInt8(ascii: " ")]
        spaced.append(contentsOf: text)
        spaced.withUnsafeBytes { encode(words: $0) }
    }

    private func needsSpace(_ text: UnsafeRawBufferPointer, isFirst: Bool) -> Bool {
        guard let first = text.first else { return false }
        switch tokenizer.spacePrefix {
        case .never: return false
        case .always: return true
        case .whereMissing: return first != UInt8(ascii: " ")
        case .firstWhereMissing: return isFirst && first != UInt8(ascii: " ")
        }
    }

    private mutating func encode(words text: UnsafeRawBufferPointer) {
        switch tokenizer.model {
        case .bytePairs, .sentencePairs: encodePairs(text)
        case .unigram: encodeUnigram(text)
        case .wordPiece: tokenizer.encodeWordPieces(text, into: &tokens)
        }
    }

    private mutating func encodeUnigram(_ text: UnsafeRawBufferPointer) {
        var start = 0
        while start < text.count {
            let end = tokenizer.preTokenizer.endOfWord(in: text, at: start)
            search.encode(UnsafeRawBufferPointer(rebasing: text[start..<end]), tokenizer, into: &tokens)
            start = end
        }
    }

    private mutating func encodePairs(_ text: UnsafeRawBufferPointer) {
        if let words = splitting?.split(text) {
            for word in words { encodeWord(UnsafeRawBufferPointer(rebasing: text[word])) }
            return
        }
        var start = 0
        while start < text.count {
            let end = tokenizer.preTokenizer.endOfWord(in: text, at: start)
            encodeWord(UnsafeRawBufferPointer(rebasing: text[start..<end]))
            start = end
        }
    }

    private mutating func encodeWord(_ word: UnsafeRawBufferPointer) {
        if cache.appendTokens(of: word, to: &tokens) { return }
        let count = tokens.count
        if let whole = tokenizer.token(ofWord: word) {
            tokens.append(whole)
        } else {
            merger.reset()
            tokenizer.addSymbols(of: word, to: &merger)
            merger.merge(by: tokenizer.merges, into: &tokens)
        }
        cache.keep(word, tokens[count...])
    }
}
