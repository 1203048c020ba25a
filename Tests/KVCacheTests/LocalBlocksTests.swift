// SPDX-License-Identifier: Apache-2.0
import KVCache
import Testing

@Suite("Local blocks")
struct LocalBlocksTests {
    @Test("Every block is leased once, then none is left")
    func leasesEachBlockOnce() {
        var source = LocalBlocks(blockCount: 5)
        var leased: Set<Int32> = []
        while let block = source.lease() { leased.insert(block) }
        #expect(leased == [0, 1, 2, 3, 4])
        #expect(source.freeCount == 0)
    }

    @Test("A source without blocks leases none")
    func empty() {
        var source = LocalBlocks(blockCount: 0)
        #expect(source.lease() == nil)
    }

    @Test("A sealed block is free only after its last holder released it, and under a new generation")
    func holders() throws {
        var source = LocalBlocks(blockCount: 1)
        let leased = source.lease()
        let block = try #require(leased)
        let generation = source.generation(of: block)
        let hash = BlockHash(high: 1, low: 2)
        source.seal(block, as: hash)
        #expect(source.match([hash]) == [block])
        source.release(block)
        #expect(source.freeCount == 0)
        #expect(source.generation(of: block) == generation)
        source.release(block)
        #expect(source.freeCount == 1)
        #expect(source.generation(of: block) == generation + 1)
        #expect(source.match([hash]).isEmpty, "what a free block held is gone")
        #expect(source.lease() == block)
    }

    @Test("A match is the longest sealed beginning of a chain")
    func longestBeginning() throws {
        var source = LocalBlocks(blockCount: 4)
        let chain = (0..<4).map { BlockHash(high: 7, low: $0) }
        var blocks: [Int32] = []
        for _ in chain {
            let block = source.lease()
            blocks.append(try #require(block))
        }
        for index in [0, 1, 3] { source.seal(blocks[index], as: chain[index]) }
        #expect(source.match(chain) == [blocks[0], blocks[1]])
        #expect(source.match([chain[2]]).isEmpty)
        #expect(blocks.map(source.holderCount) == [2, 2, 1, 1])
        source.seal(blocks[2], as: chain[0])
        #expect(source.match([chain[0]]) == [blocks[0]], "the first block of a hash stays the one that is found")
        #expect(source.brokenInvariant() == nil)
    }

    @Test("Random operations keep count of every block", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomOperations(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var source = LocalBlocks(blockCount: 1 + Int(seed) * 7)
        var held: [Int32] = []
        var sealed: Set<Int32> = []
        var generations: [Int32: UInt32] = [:]
        for _ in 0..<4000 {
            switch generator.next() % 5 {
            case 0, 1:
                let free = source.freeCount
                guard let block = source.lease() else {
                    #expect(free == 0)
                    continue
                }
                #expect(!held.contains(block))
                if let earlier = generations[block] { #expect(source.generation(of: block) > earlier) }
                generations[block] = source.generation(of: block)
                held.append(block)
            case 2:
                guard let block = held.randomElement(using: &generator), !sealed.contains(block) else { continue }
                source.seal(block, as: BlockHash(high: 0, low: UInt64(block)))
                sealed.insert(block)
            case 3:
                let low = generator.next() % UInt64(source.blockCount)
                let found = source.match([BlockHash(high: 0, low: low)])
                #expect(found == (sealed.contains(Int32(low)) ? [Int32(low)] : []))
                held += found
            default:
                guard !held.isEmpty else { continue }
                let block = held.remove(at: Int(generator.next() % UInt64(held.count)))
                source.release(block)
                if !held.contains(block) { sealed.remove(block) }
            }
            #expect(source.brokenInvariant() == nil)
            #expect(Set(held).count + source.freeCount == source.blockCount)
            if let block = held.last { #expect(source.holderCount(of: block) == held.count { $0 == block }) }
        }
    }
}

/// A small generator with a fixed sequence for each seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
