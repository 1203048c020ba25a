// SPDX-License-Identifier: Apache-2.0

/// The tables beside texts and merges.
extension TokenizerBuilder {
    private struct PrefixRecord {
        let node: UInt32
        let byte: UInt8
        let next: UInt32
        var token: Int32
    }

    /// The tokens that are found in text before it is split.
    mutating func putSpecials() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        let specials = texts.indices.filter {
            [.control, .userDefined].contains(vocabulary.kinds[$0]) && !texts[$0].isEmpty
        }.sorted { (texts[$0][0], -texts[$0].count, $0) < (texts[$1][0], -texts[$1].count, $1) }
        guard specials.count <= TokenizerFormat.maxSpecials else {
            throw .tooLarge(what: "special tokens", count: specials.count, limit: TokenizerFormat.maxSpecials)
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
        beginTable(Header.specialRules)
        section.append(contentsOf: specials.map { vocabulary.specialRules[Int32($0)]?.rawValue ?? 0 })
    }

    /// The scores and behind them the least one.
    mutating func putScores() {
        beginTable(TokenizerFormat.Header.scores)
        guard vocabulary.model == .unigram else { return }
        let least = zip(vocabulary.scores, vocabulary.kinds).filter { $0.1 == .normal }.map(\.0).min() ?? 0
        for score in vocabulary.scores + [least] { section.append(number: score.bitPattern) }
    }

    /// The tree of the texts of all tokens that text reaches.
    mutating func putPrefixes() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        beginTable(Header.prefixes)
        guard vocabulary.model != .bytePairs else { return }
        var edges: [UInt64: Int] = [:]
        var records: [PrefixRecord] = []
        for (text, token) in ids.sorted(by: { $0.value < $1.value }) {
            var node: UInt32 = 0
            for (index, byte) in text.enumerated() {
                let key = UInt64(node) << 8 | UInt64(byte)
                let place = edges[key] ?? records.count
                if place == records.count {
                    edges[key] = place
                    records.append(
                        PrefixRecord(node: node, byte: byte, next: UInt32(place) + 1, token: -1))
                }
                if index == text.count - 1 { records[place].token = token }
                node = records[place].next
            }
        }
        guard records.count <= 1 << 22 else {
            throw .tooLarge(what: "prefixes of tokens", count: records.count, limit: 1 << 22)
        }
        var table = HashTableLayout(count: records.count)
        try table.place(records.map { TokenizerFormat.hash(left: $0.node, right: UInt32($0.byte)) })
        section.put(UInt32(table.slots.count), at: Header.prefixSlots)
        for slot in table.slots {
            let record = slot >= 0 ? records[slot] : PrefixRecord(node: 0, byte: 0, next: 0, token: -2)
            for number in [record.node, UInt32(record.byte), record.next] { section.append(number: number) }
            section.append(number: record.token + 2)
        }
    }

    /// The expressions by which texts are split.
    mutating func putSplits() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        beginTable(Header.splits)
        guard vocabulary.preTokenizer == .patterns else { return }
        let count = vocabulary.splits.count
        guard count > 0 else { throw .inconsistentVocabulary("it splits by expressions and has none") }
        guard count <= PatternFormat.maxSplits else {
            throw .tooLarge(what: "splits", count: count, limit: PatternFormat.maxSplits)
        }
        let programs = try vocabulary.splits.map { split throws(TokenizerError) in
            try PatternCompiler.words(for: split)
        }
        let numbers = [UInt32(count)] + programs.map { UInt32($0.count) } + programs.joined()
        section.put(UInt32(numbers.count), at: Header.splitNumbers)
        for number in numbers { section.append(number: number) }
    }

    /// The steps of normalisation.
    mutating func putSteps() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        guard vocabulary.steps.count <= TokenizerFormat.maxSteps else {
            throw .tooLarge(
                what: "steps of normalisation", count: vocabulary.steps.count, limit: TokenizerFormat.maxSteps)
        }
        beginTable(Header.steps)
        section.put(UInt32(vocabulary.steps.count), at: Header.stepCount)
        var texts: [UInt8] = []
        for step in vocabulary.steps {
            section.append(number: step.code)
            for text in step.texts {
                section.append(number: UInt32(texts.count))
                section.append(number: UInt32(text.count))
                texts += text
            }
        }
        beginTable(Header.stepBytes)
        section.put(UInt32(texts.count), at: Header.stepByteCount)
        section.append(contentsOf: texts)
    }
}
