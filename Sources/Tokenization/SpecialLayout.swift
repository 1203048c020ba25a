// SPDX-License-Identifier: Apache-2.0

/// The tables beside texts and merges.
extension TokenizerBuilder {
    private struct PrefixRecord {
        let node: UInt32
        let byte: UInt8
        let next: UInt32
        var token: Int32
    }

    /// A token with the text by which it is found.
    private struct Special {
        let token: Int
        let text: [UInt8]
    }

    /// The tokens that are found in text before it is split: as it is, or normalised. A control token is structure and
    /// written as it is; where it may be found in normalised text it is found there as well.
    mutating func putSpecials() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        let all = texts.indices.filter {
            [.control, .userDefined].contains(vocabulary.kinds[$0]) && !texts[$0].isEmpty
        }
        for index in all where texts[index].count > TokenizerFormat.longestSpecial {
            throw .tooLarge(
                what: "bytes in special token \(index)", count: texts[index].count,
                limit: TokenizerFormat.longestSpecial)
        }
        let asWritten = all.filter { vocabulary.kinds[$0] == .control || !isNormalized($0) }
        var found: [UInt8] = []
        try putSpecials(
            asWritten.map { Special(token: $0, text: texts[$0]) }, Header.specialStarts, Header.specials,
            Header.specialCount, &found)
        let normalized = try normalizedTexts(all.filter(isNormalized))
        try putSpecials(
            normalized, Header.normalizedStarts, Header.normalizedSpecials, Header.normalizedCount, &found)
        beginTable(Header.specialText)
        section.put(UInt32(found.count), at: Header.specialTextSize)
        section.append(contentsOf: found)
    }

    private func isNormalized(_ token: Int) -> Bool {
        vocabulary.specialRules[Int32(token)]?.contains(.normalized) ?? false
    }

    private func normalizedTexts(_ tokens: [Int]) throws(TokenizerError) -> [Special] {
        guard !tokens.isEmpty else { return [] }
        let (records, bytes) = stepTables()
        let normalizer = records.withUnsafeBytes { records in
            bytes.withUnsafeBytes { bytes in
                Result { () throws(TokenizerError) in
                    try Normalizer(records: records, count: vocabulary.steps.count, bytes: bytes)
                }.map { normalizer in
                    tokens.map { token in
                        var text = texts[token]
                        normalizer.normalize(&text)
                        return Special(token: token, text: text)
                    }.filter { !$0.text.isEmpty }
                }
            }
        }
        return try normalizer.get()
    }

    private mutating func putSpecials(
        _ specials: [Special], _ starts: Int, _ records: Int, _ count: Int, _ found: inout [UInt8]
    ) throws(TokenizerError) {
        guard specials.count <= TokenizerFormat.maxSpecials else {
            throw .tooLarge(what: "special tokens", count: specials.count, limit: TokenizerFormat.maxSpecials)
        }
        let sorted = specials.sorted {
            ($0.text[0], -$0.text.count, $0.token) < ($1.text[0], -$1.text.count, $1.token)
        }
        beginTable(starts)
        var next = 0
        for lead in 0...256 {
            while next < sorted.count, Int(sorted[next].text[0]) < lead { next += 1 }
            section.append(number: UInt32(next))
        }
        beginTable(records)
        section.put(UInt32(sorted.count), at: count)
        for special in sorted {
            section.append(number: Int32(special.token))
            section.append(number: UInt32(vocabulary.specialRules[Int32(special.token)]?.rawValue ?? 0))
            section.append(number: UInt32(found.count))
            section.append(number: UInt32(special.text.count))
            found += special.text
        }
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
        let (records, texts) = stepTables()
        beginTable(Header.steps)
        section.put(UInt32(vocabulary.steps.count), at: Header.stepCount)
        section.append(contentsOf: records)
        beginTable(Header.stepBytes)
        section.put(UInt32(texts.count), at: Header.stepByteCount)
        section.append(contentsOf: texts)
    }

    /// The records of the steps, and the texts that they point to.
    private func stepTables() -> (records: [UInt8], texts: [UInt8]) {
        var records: [UInt8] = []
        var texts: [UInt8] = []
        for step in vocabulary.steps {
            records.append(number: step.code)
            for text in step.texts {
                records.append(number: UInt32(texts.count))
                records.append(number: UInt32(text.count))
                texts += text
            }
        }
        return (records, texts)
    }
}
