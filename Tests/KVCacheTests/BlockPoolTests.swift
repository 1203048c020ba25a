// SPDX-License-Identifier: Apache-2.0
import KVCache
import Testing

@Suite("Block pool")
struct BlockPoolTests {
    @Test("Every block is handed out once, then none is left")
    func handsOutEachBlockOnce() {
        var pool = BlockPool(blockCount: 5)
        var taken: Set<Int32> = []
        while let block = pool.take() { taken.insert(block) }
        #expect(taken == [0, 1, 2, 3, 4])
        #expect(pool.freeCount == 0)
    }

    @Test("A pool without blocks gives nothing")
    func emptyPool() {
        var pool = BlockPool(blockCount: 0)
        #expect(pool.take() == nil)
    }

    @Test("A shared block is free only after its last reference is dropped, and under a new generation")
    func sharedBlocks() throws {
        var pool = BlockPool(blockCount: 1)
        let taken = pool.take()
        let block = try #require(taken)
        let generation = pool.generation(of: block)
        pool.share(block)
        pool.giveBack(block)
        #expect(pool.freeCount == 0)
        #expect(pool.generation(of: block) == generation)
        pool.giveBack(block)
        #expect(pool.freeCount == 1)
        #expect(pool.generation(of: block) == generation + 1)
        #expect(pool.take() == block)
    }

    @Test("Random operations keep count of every block", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomOperations(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var pool = BlockPool(blockCount: 1 + Int(seed) * 7)
        var held: [Int32] = []
        var generations: [Int32: UInt32] = [:]
        for _ in 0..<4000 {
            switch generator.next() % 4 {
            case 0, 1:
                let free = pool.freeCount
                guard let block = pool.take() else {
                    #expect(free == 0)
                    continue
                }
                #expect(!held.contains(block))
                if let earlier = generations[block] { #expect(pool.generation(of: block) > earlier) }
                generations[block] = pool.generation(of: block)
                held.append(block)
            case 2:
                guard let block = held.randomElement(using: &generator) else { continue }
                pool.share(block)
                held.append(block)
            default:
                guard !held.isEmpty else { continue }
                pool.giveBack(held.remove(at: Int(generator.next() % UInt64(held.count))))
            }
            #expect(Set(held).count + pool.freeCount == pool.blockCount)
            if let block = held.last {
                #expect(pool.referenceCount(of: block) == held.count { $0 == block })
            }
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
