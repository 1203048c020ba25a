// SPDX-License-Identifier: Apache-2.0

/// The mapped hash table of pairs that join into one token.
struct MergeTable: @unchecked Sendable {
    /// What two neighbouring tokens become.
    struct Merge: Equatable {
        /// The joined token.
        let token: Int32
        /// Lower ranks are joined first.
        let rank: UInt32
    }

    private let slots: UnsafeRawBufferPointer
    private let mask: Int
    private let vocabularySize: Int

    /// A table of a power of two of slots, or an empty one.
    init(slots: UnsafeRawBufferPointer, vocabularySize: Int) {
        self.slots = slots
        self.vocabularySize = vocabularySize
        mask = slots.count / TokenizerFormat.mergeRecordSize - 1
    }

    /// The merge of a pair; nil where the two stay apart.
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        guard mask >= 0 else { return nil }
        let wantedLeft = UInt32(bitPattern: left)
        let wantedRight = UInt32(bitPattern: right)
        var slot = Int(truncatingIfNeeded: TokenizerFormat.hash(left: wantedLeft, right: wantedRight)) & mask
        for _ in 0..<TokenizerFormat.longestProbe {
            let record = slot * TokenizerFormat.mergeRecordSize
            let rank: UInt32 = slots.number(record + 12)
            guard rank > 0 else { return nil }
            if slots.number(record) == wantedLeft, slots.number(record + 4) == wantedRight {
                let token: Int32 = slots.number(record + 8)
                return token >= 0 && Int(token) < vocabularySize ? Merge(token: token, rank: rank - 1) : nil
            }
            slot = (slot + 1) & mask
        }
        return nil
    }
}
