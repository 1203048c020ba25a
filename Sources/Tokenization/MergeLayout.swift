// SPDX-License-Identifier: Apache-2.0

/// The pairs that join, laid out as the hash table that `MergeTable` reads.
extension TokenizerBuilder {
    private struct MergeRecord {
        let left: UInt32
        let right: UInt32
        let result: UInt32
        let rank: UInt32
        var pair: UInt64 { UInt64(left) << 32 | UInt64(right) }
    }

    /// Listed merges, or those that scores imply.
    mutating func putMerges() throws(TokenizerError) {
        typealias Header = TokenizerFormat.Header
        let records = isScored ? scoredMerges() : try listedMerges()
        guard records.count <= TokenizerFormat.maxMerges else {
            throw .tooLarge(what: "merges", count: records.count, limit: TokenizerFormat.maxMerges)
        }
        var table = HashTableLayout(count: records.count)
        try table.place(records.map { TokenizerFormat.hash(left: $0.left, right: $0.right) })
        beginTable(Header.merges)
        section.put(UInt32(table.slots.count), at: Header.mergeSlots)
        for slot in table.slots {
            let record = slot >= 0 ? records[slot] : MergeRecord(left: 0, right: 0, result: 0, rank: 0)
            for number in [record.left, record.right, record.result, record.rank] { section.append(number: number) }
        }
    }

    private var isScored: Bool { vocabulary.model == .sentencePairs && vocabulary.merges.isEmpty }

    private func listedMerges() throws(TokenizerError) -> [MergeRecord] {
        var records: [MergeRecord] = []
        var seen: Set<UInt64> = []
        for (rank, merge) in vocabulary.merges.enumerated() {
            let record = try mergeRecord(merge, rank: rank)
            // Of a pair that is listed twice the first rank counts, as with everyone.
            if seen.insert(record.pair).inserted { records.append(record) }
        }
        return records
    }

    /// Every way to cut a token into two tokens is a merge; tokens of equal score have equal rank, so that of those
    /// the leftmost in a text is joined first.
    private func scoredMerges() -> [MergeRecord] {
        let scores = Set(ids.values.map { vocabulary.scores[Int($0)] }).sorted(by: >)
        let ranks = Dictionary(uniqueKeysWithValues: scores.enumerated().map { ($1, UInt32($0) + 1) })
        var records: [MergeRecord] = []
        for (text, token) in ids.sorted(by: { $0.value < $1.value }) where text.count > 1 {
            let rank = ranks[vocabulary.scores[Int(token)]] ?? 1
            for cut in 1..<text.count where text[cut] & 0xC0 != 0x80 {
                guard let left = ids[Array(text[..<cut])], let right = ids[Array(text[cut...])] else { continue }
                records.append(
                    MergeRecord(left: UInt32(left), right: UInt32(right), result: UInt32(token), rank: rank))
            }
        }
        return records
    }

    private func mergeRecord(_ merge: String, rank: Int) throws(TokenizerError) -> MergeRecord {
        let parts = merge.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard parts.count == 2, let leftText = String(parts[0]), let rightText = String(parts[1]),
            let left = bytes(ofMerged: leftText), let right = bytes(ofMerged: rightText)
        else { throw .inconsistentVocabulary("merge \(rank) is not a pair of tokens") }
        guard let leftToken = ids[left], let rightToken = ids[right], let result = ids[left + right] else {
            throw .inconsistentVocabulary(
                "merge \(rank) joins '\(leftText)' and '\(rightText)', and one of the two or the result is no token")
        }
        return MergeRecord(
            left: UInt32(leftToken), right: UInt32(rightToken), result: UInt32(result), rank: UInt32(rank) + 1)
    }

    private func bytes(ofMerged text: String) -> [UInt8]? {
        vocabulary.model == .bytePairs ? ByteAlphabet.bytes(of: text) : Self.withSpaces(text)
    }
}
