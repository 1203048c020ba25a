// SPDX-License-Identifier: Apache-2.0

/// The stored list of tokens that are found in text before it is split. What it holds is checked where it is used.
struct SpecialTable: @unchecked Sendable {
    /// A token with the text that stands for it.
    struct Entry {
        let token: Int32
        let rule: SpecialRule
        let text: UnsafeRawBufferPointer
    }

    /// 257 numbers: where in `records` the tokens of each first byte begin.
    let starts: UnsafeRawBufferPointer
    let records: UnsafeRawBufferPointer
    let text: UnsafeRawBufferPointer

    var isEmpty: Bool { records.isEmpty }

    /// The places of the tokens that begin with a byte.
    func range(from lead: UInt8) -> Range<Int> {
        let first = Int(starts.number(4 * Int(lead), as: UInt32.self))
        let last = Int(starts.number(4 * Int(lead) + 4, as: UInt32.self))
        return first < last && last <= records.count / TokenizerFormat.specialRecordSize ? first..<last : 0..<0
    }

    /// The token at a place; its text is empty where the record is damaged.
    func entry(_ index: Int) -> Entry {
        let record = index * TokenizerFormat.specialRecordSize
        let start = Int(records.number(record + 8, as: UInt32.self))
        let size = Int(records.number(record + 12, as: UInt32.self))
        let isInside = start <= text.count && size <= text.count - start
        return Entry(
            token: records.number(record),
            rule: SpecialRule(rawValue: UInt8(truncatingIfNeeded: records.number(record + 4, as: UInt32.self))),
            text: UnsafeRawBufferPointer(rebasing: isInside ? text[start..<start + size] : text[0..<0]))
    }
}
