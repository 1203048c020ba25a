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
        var range = 0
        var fragment = 0
        var position = 0
        while position < text.count {
            while range < controlRanges.count, controlRanges[range].upperBound <= position { range += 1 }
            let inside = range < controlRanges.count && controlRanges[range].contains(position)
            guard !tokenizer.specialRange(from: text[position]).isEmpty,
                let match = tokenizer.special(
                    in: text, at: position, controlEnd: inside ? controlRanges[range].upperBound : position,
                    floor: fragment)
            else {
                position += 1
                continue
            }
            encode(text, in: fragment..<match.range.lowerBound)
            tokens.append(match.token)
            position = match.range.upperBound
            fragment = position
        }
        encode(text, in: fragment..<text.count)
        return tokens
    }

    private mutating func encode(_ text: UnsafeRawBufferPointer, in range: Range<Int>) {
        guard !range.isEmpty else { return }
        let fragment = UnsafeRawBufferPointer(rebasing: text[range])
        let isFirst = range.lowerBound == 0
        // SentencePiece's pairs fall back to the bytes themselves.
        guard tokenizer.model != .sentencePairs, let repaired = UTF8Decoding.repaired(fragment) else {
            encode(fragment, isFirst: isFirst)
            return
        }
        repaired.withUnsafeBytes { encode($0, isFirst: isFirst) }
    }

    private mutating func encode(_ fragment: UnsafeRawBufferPointer, isFirst: Bool) {
        guard !tokenizer.normalizer.isEmpty || tokenizer.spacePrefix != .never else {
            encode(words: fragment)
            return
        }
        var changed = Array(fragment)
        tokenizer.normalizer.normalize(&changed)
        if needsSpace(changed, isFirst: isFirst) { changed.insert(UInt8(ascii: " "), at: 0) }
        changed.withUnsafeBytes { encode(words: $0) }
    }

    private func needsSpace(_ text: [UInt8], isFirst: Bool) -> Bool {
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
