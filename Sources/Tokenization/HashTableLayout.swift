// SPDX-License-Identifier: Apache-2.0

/// Decides which slot of an open-addressed table each record takes: the first free one from its hash on.
struct HashTableLayout {
    /// For each slot the index of its record, or -1.
    private(set) var slots: [Int]

    /// A table at least twice as large as the number of records, a power of two.
    init(count: Int) {
        var size = 16
        while size < 2 * count { size *= 2 }
        slots = Array(repeating: -1, count: size)
    }

    /// Places records with these hashes, enlarging the table until no lookup is longer than the reader's limit.
    /// Only a vocabulary that was made for it collides so often that no reasonable size is enough.
    mutating func place(_ hashes: [UInt64]) throws(TokenizerError) {
        while !tryPlacing(hashes) {
            guard slots.count < 1 << 23, slots.count < 64 * max(hashes.count, 16) else {
                throw .inconsistentVocabulary("too many of its entries collide")
            }
            slots = Array(repeating: -1, count: slots.count * 2)
        }
    }

    private mutating func tryPlacing(_ hashes: [UInt64]) -> Bool {
        let mask = slots.count - 1
        for (index, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            var probes = 1
            while slots[slot] >= 0 {
                slot = (slot + 1) & mask
                probes += 1
            }
            guard probes < TokenizerFormat.longestProbe else { return false }
            slots[slot] = index
        }
        return true
    }
}

extension [UInt8] {
    /// Stores a little-endian number over the bytes at an offset inside the array.
    mutating func put<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
        withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self) }
    }

    /// Adds a little-endian number at the end.
    mutating func append<Number: FixedWidthInteger>(number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
