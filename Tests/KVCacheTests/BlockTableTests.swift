// SPDX-License-Identifier: Apache-2.0
import KVCache
import Testing

@Suite("Block table")
struct BlockTableTests {
    @Test("A table misses a block for each begun run of positions", arguments: [(0, 0), (1, 1), (32, 1), (33, 2)])
    func missing(positions: Int, blocks: Int) {
        var source = LocalBlocks(blockCount: 4)
        var table = BlockTable(tokensPerBlock: 32)
        #expect(table.missingBlocks(forPositions: positions) == blocks)
        #expect(table.grow(by: blocks, from: &source) == blocks)
        #expect(table.capacity >= positions)
        #expect(source.freeCount == 4 - blocks)
        #expect(table.missingBlocks(forPositions: positions) == 0)
    }

    @Test("A table grows as far as there are blocks, and shrinks from its end")
    func ends() {
        var source = LocalBlocks(blockCount: 3)
        var table = BlockTable(tokensPerBlock: 8)
        #expect(table.grow(by: 5, from: &source) == 3)
        let before = table.blocks
        table.shrink(by: 1, into: &source)
        #expect(table.blocks == Array(before.prefix(2)))
        #expect(source.freeCount == 1)
        table.shrink(by: 9, into: &source)
        #expect(table.blocks.isEmpty && source.freeCount == 3)
    }

    @Test("Tables that grow and shrink at random never share a block and lose none")
    func randomTables() {
        var generator = SplitMix(state: 42)
        var source = LocalBlocks(blockCount: 24)
        var tables = Array(repeating: BlockTable(tokensPerBlock: 4), count: 6)
        for _ in 0..<3000 {
            let index = Int(generator.next() % 6)
            let count = Int(generator.next() % 10)
            let (before, free) = (tables[index].blocks, source.freeCount)
            switch generator.next() % 3 {
            case 0: tables[index].empty(into: &source)
            case 1:
                tables[index].shrink(by: count, into: &source)
                #expect(tables[index].blocks == Array(before.dropLast(count)))
            default:
                #expect(tables[index].grow(by: count, from: &source) == min(count, free))
                #expect(tables[index].blocks.starts(with: before))
            }
            let used = tables.flatMap(\.blocks)
            #expect(Set(used).count == used.count)
            #expect(used.count + source.freeCount == 24)
            #expect(source.brokenInvariant() == nil)
        }
    }
}
