// SPDX-License-Identifier: Apache-2.0

/// Which blocks of an instance's key and value memory are free and how many tables name each of the others.
///
/// A pure value: it knows numbers, not memory. A block that is given back gets a new generation, so that whoever noted
/// block and generation can tell later whether the contents are still the ones that were meant.
package struct BlockPool: Sendable {
    /// Blocks that the memory has; they are numbered `0..<blockCount`.
    package let blockCount: Int

    private var free: [Int32]
    private var references: [Int32]  // [blockCount], 0 = free
    private var generations: [UInt32]  // [blockCount]

    /// A pool whose blocks are all free.
    package init(blockCount: Int) {
        precondition(blockCount >= 0 && blockCount <= Int(Int32.max), "blocks are numbered by 32-bit integers")
        self.blockCount = blockCount
        // The last in is the first out: a block that was just used is the one that caches still hold.
        free = (0..<Int32(blockCount)).reversed()
        references = Array(repeating: 0, count: blockCount)
        generations = Array(repeating: 0, count: blockCount)
    }

    /// Blocks that can be taken now.
    package var freeCount: Int { free.count }

    /// Takes a free block with one reference to it; nil where none is left.
    package mutating func take() -> Int32? {
        guard let block = free.popLast() else { return nil }
        references[Int(block)] = 1
        return block
    }

    /// Adds a reference to a block that is in use: another table names it too.
    package mutating func share(_ block: Int32) {
        precondition(referenceCount(of: block) > 0, "block \(block) is shared while it is free")
        references[Int(block)] += 1
    }

    /// Drops a reference; with the last one the block is free, under its next generation.
    package mutating func giveBack(_ block: Int32) {
        precondition(referenceCount(of: block) > 0, "block \(block) is given back while it is free")
        references[Int(block)] -= 1
        guard references[Int(block)] == 0 else { return }
        generations[Int(block)] &+= 1
        free.append(block)
    }

    /// How many tables name the block; 0 = free.
    package func referenceCount(of block: Int32) -> Int {
        Int(references[Int(block)])
    }

    /// How often the block was freed: contents noted under an earlier generation are gone.
    package func generation(of block: Int32) -> UInt32 {
        generations[Int(block)]
    }
}
