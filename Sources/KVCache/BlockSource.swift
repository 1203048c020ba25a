// SPDX-License-Identifier: Apache-2.0

/// Where sequences get the blocks for their keys and values.
///
/// A block is free, leased or sealed. Who leases it is the only one that may write it; sealed it is never written again,
/// and may have any number of holders. Every holder releases it once; with the last one it is free again, and its
/// content is gone. An instance's own memory is `LocalBlocks`; memory that instances share is to be another source.
package protocol BlockSource: Sendable {
    /// Blocks that the source has altogether; their numbers are indices into the memory.
    var blockCount: Int { get }

    /// Blocks that can be leased now.
    var freeCount: Int { get }

    /// A free block for the caller alone; nil where there is none.
    mutating func lease() -> Int32?

    /// Says that the caller has filled a block that it leased: from now on others may hold it too, under this hash of its
    /// tokens and of all before them. A hash that is sealed already stays with its first block.
    mutating func seal(_ block: Int32, as hash: BlockHash)

    /// The sealed blocks of the longest beginning of a chain of hashes; the caller holds each of them from now on.
    mutating func match(_ chain: [BlockHash]) -> [Int32]

    /// Says that a holder needs a block no more.
    mutating func release(_ block: Int32)

    /// What is wrong with the source's own books, as a sentence; nil where they are sound. For tests, and after a crash.
    func brokenInvariant() -> String?
}

/// What a block holds: a hash of its tokens and of all before them, so that equal hashes mean equal keys and values.
package struct BlockHash: Hashable, Sendable {
    /// The first 64 bits.
    package let high: UInt64
    /// The 64 bits behind them.
    package let low: UInt64

    /// The first 128 bits of a cryptographic hash.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
