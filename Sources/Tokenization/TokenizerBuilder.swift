// SPDX-License-Identifier: Apache-2.0

/// Lays a vocabulary out as the flat tables that `Tokenizer` reads. Runs once, when a model is packed.
package struct TokenizerBuilder {
    private let vocabulary: Vocabulary
    private var section = [UInt8](repeating: 0, count: TokenizerFormat.headerSize)
    private var texts: [[UInt8]] = []
    private var ids: [[UInt8]: Int32] = [:]

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
        return builder.section
    }

    private init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
    }

    private func checkSizes() throws(TokenizerError) {
        let count = vocabulary.tokens.count
        guard count > 0 else { throw .inconsistentVocabulary("it has no tokens") }
        guard count <= TokenizerFormat.mostTokens else {
            throw .tooLarge(what: "tokens", count: count, limit: TokenizerFormat.mostTokens)
        }
        guard vocabulary.kinds.count == count else {
            throw .inconsistentVocabulary("it has \(count) tokens and \(vocabulary.kinds.count) token types")
        }
        guard vocabulary.merges.count <= TokenizerFormat.mostMerges else {
            throw .tooLarge(what: "merges", count: vocabulary.merges.count, limit: TokenizerFormat.mostMerges)
        }
        guard vocabulary.endTokens.count <= TokenizerFormat.mostEndTokens else {
            throw .tooLarge(
                what: "end tokens", count: vocabulary.endTokens.count, limit: TokenizerFormat.mostEndTokens)
        }
        let named = [vocabulary.beginToken, vocabulary.unknownToken] + vocabulary.endTokens.map(Optional.some)
        for case .some(let token) in named where token < 0 || Int(token) >= count {
            throw .inconsistentVocabulary("the special token \(token) is not one of its \(count) tokens")
        }
    }

    private mutating func readTexts() {
        for (index, token) in vocabulary.tokens.enumerated() {
            let isText = vocabulary.kinds[index] == .normal
            let bytes = (isText ? ByteAlphabet.bytes(of: token) : nil) ?? Array(token.utf8)
            texts.append(bytes)
            if isText, ids[bytes] == nil { ids[bytes] = Int32(index) }
        }
    }

    private mutating func putHeader() {
        typealias Header = TokenizerFormat.Header
        section.put(TokenizerFormat.signature, at: Header.signature)
        section.put(TokenizerFormat.version, at: Header.version)
        section.put(vocabulary.preTokenizer.rawValue, at: Header.preTokenizer)
        section.put(UInt32(texts.count), at: Header.vocabularySize)
        section.put(vocabulary.beginToken ?? -1, at: Header.beginToken)
        section.put(vocabulary.unknownToken ?? -1, at: Header.unknownToken)
        section.put(vocabulary.addsBegin ? TokenizerFormat.Flag.addsBegin : 0, at: Header.flags)
        section.put(UInt32(vocabulary.endTokens.count), at: Header.endTokenCount)
        for (index, token) in vocabulary.endTokens.enumerated() {
            section.put(token, at: Header.endTokens + 4 * index)
        }
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
        for byte in UInt8.min ... .max { section.append(number: ids[[byte]] ?? -1) }
    }

    private mutating func putMerges() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        var table = HashTableLayout(count: vocabulary.merges.count)
        var records: [MergeRecord] = []
        var seen: Set<UInt64> = []
        for (rank, merge) in vocabulary.merges.enumerated() {
            let record = try mergeRecord(merge, rank: rank)
            // Of a pair that is listed twice the first rank counts, as with everyone.
            if seen.insert(record.pair).inserted { records.append(record) }
        }
        try table.place(records.map { TokenizerFormat.hash(left: $0.left, right: $0.right) })
        beginTable(Header.merges)
        section.put(UInt32(table.slots.count), at: Header.mergeSlots)
        for slot in table.slots {
            let record = slot >= 0 ? records[slot] : MergeRecord(left: 0, right: 0, result: 0, rank: 0)
            for number in [record.left, record.right, record.result, record.rank] { section.append(number: number) }
        }
    }

    private struct MergeRecord {
        let left: UInt32
        let right: UInt32
        let result: UInt32
        let rank: UInt32
        var pair: UInt64 { UInt64(left) << 32 | UInt64(right) }
    }

    private func mergeRecord(_ merge: String, rank: Int) throws(TokenizerError) -> MergeRecord {
        let parts = merge.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard parts.count == 2, let leftText = String(parts[0]), let rightText = String(parts[1]),
            let left = ByteAlphabet.bytes(of: leftText), let right = ByteAlphabet.bytes(of: rightText)
        else { throw .inconsistentVocabulary("merge \(rank) is not a pair of tokens") }
        guard let leftToken = ids[left], let rightToken = ids[right], let result = ids[left + right] else {
            throw .inconsistentVocabulary(
                "merge \(rank) joins '\(leftText)' and '\(rightText)', and one of the two or the result is no token")
        }
        return MergeRecord(
            left: UInt32(leftToken), right: UInt32(rightToken), result: UInt32(result), rank: UInt32(rank) + 1)
    }

    private mutating func putWords() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        beginTable(Header.words)
        guard vocabulary.preTokenizer.prefersWholeWords else { return }
        let words = ids.sorted { $0.value < $1.value }
        var table = HashTableLayout(count: words.count)
        try table.place(words.map { TokenizerFormat.hash($0.key) })
        section.put(UInt32(table.slots.count), at: Header.wordSlots)
        for slot in table.slots { section.append(number: slot >= 0 ? UInt32(words[slot].value) + 1 : 0) }
    }

    private mutating func putSpecials() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        let specials = texts.indices.filter {
            [.control, .userDefined].contains(vocabulary.kinds[$0]) && !texts[$0].isEmpty
        }.sorted { (texts[$0][0], -texts[$0].count, $0) < (texts[$1][0], -texts[$1].count, $1) }
        guard specials.count <= TokenizerFormat.mostSpecials else {
            throw .tooLarge(what: "special tokens", count: specials.count, limit: TokenizerFormat.mostSpecials)
        }
        for index in specials where texts[index].count > TokenizerFormat.longestSpecial {
            throw .tooLarge(
                what: "bytes in special token \(index)", count: texts[index].count,
                limit: TokenizerFormat.longestSpecial)
        }
        beginTable(Header.specialStarts)
        var next = 0
        for lead in 0...256 {
            while next < specials.count, Int(texts[specials[next]][0]) < lead { next += 1 }
            section.append(number: UInt32(next))
        }
        beginTable(Header.specials)
        section.put(UInt32(specials.count), at: Header.specialCount)
        for index in specials { section.append(number: Int32(index)) }
    }

    /// Aligns the section's end and notes it as a table's beginning.
    private mutating func beginTable(_ field: Int) {
        while section.count % 16 != 0 { section.append(0) }
        section.put(UInt32(section.count), at: field)
    }
}
