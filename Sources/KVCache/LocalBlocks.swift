// SPDX-License-Identifier: Apache-2.0

/// The blocks of an instance's own key and value memory.
///
/// A pure value: it knows numbers, not memory. A block that becomes free gets a new generation, so that whoever noted
/// block and generation can tell later whether the content is still the one that was meant.
package struct LocalBlocks: BlockSource {
    /// Blocks of the memory, free and leased.
    package let blockCount: Int

    private var free: [Int32]
    private var holders: [Int32]  // [blockCount], 0 = free
    private var generations: [UInt32]  // [blockCount]
    private var sealed: [BlockHash: Int32] = [:]
    private var hashes: [Int32: BlockHash] = [:]

    /// Blocks numbered from 0 that are all free.
    package init(blockCount: Int) {
        precondition(blockCount >= 0 && blockCount <= Int(Int32.max), "blocks are numbered by 32-bit integers")
        self.blockCount = blockCount
        // The last in is the first out: a block that was just used is the one that caches still hold.
        free = (0..<Int32(blockCount)).reversed()
        holders = Array(repeating: 0, count: blockCount)
        generations = Array(repeating: 0, count: blockCount)
    }

    /// Blocks without a holder.
    package var freeCount: Int { free.count }

    /// A free block, the one that was used last.
    package mutating func lease() -> Int32? {
        guard let block = free.popLast() else { return nil }
        holders[Int(block)] = 1
        return block
    }

    /// Says that a block is full; it is found as long as it has a holder.
    package mutating func seal(_ block: Int32, as hash: BlockHash) {
        precondition(holderCount(of: block) == 1 && hashes[block] == nil, "block \(block) is sealed by its one writer")
        guard sealed[hash] == nil else { return }
        sealed[hash] = block
        hashes[block] = hash
    }

    /// The sealed blocks of the longest beginning of a chain, with one holder more each.
    package mutating func match(_ chain: [BlockHash]) -> [Int32] {
        var found: [Int32] = []
        for hash in chain {
            guard let block = sealed[hash] else { break }
            holders[Int(block)] += 1
            found.append(block)
        }
        return found
    }

    /// Says that a holder needs a block no more.
    package mutating func release(_ block: Int32) {
        precondition(holderCount(of: block) > 0, "block \(block) is released while it is free")
        holders[Int(block)] -= 1
        guard holders[Int(block)] == 0 else { return }
        if let hash = hashes.removeValue(forKey: block) { sealed[hash] = nil }
        generations[Int(block)] &+= 1
        free.append(block)
    }

    /// How many hold the block; 0 = free.
    package func holderCount(of block: Int32) -> Int { Int(holders[Int(block)]) }

    /// How often the block became free: content noted under an earlier generation is gone.
    package func generation(of block: Int32) -> UInt32 { generations[Int(block)] }

    /// What is wrong with the books, as a sentence.
    package func brokenInvariant() -> String? {
        guard Set(free).count == free.count else { return "a block is free twice" }
        guard free.allSatisfy({ holderCount(of: $0) == 0 }) else { return "a free block has holders" }
        guard holders.count(where: { $0 == 0 }) == free.count else { return "a block without holders is not free" }
        guard sealed.count == hashes.count, sealed.allSatisfy({ hashes[$0.value] == $0.key }) else {
            return "hashes and sealed blocks do not belong together"
        }
        return hashes.keys.allSatisfy { holderCount(of: $0) > 0 } ? nil : "a sealed block has no holder"
    }
}
