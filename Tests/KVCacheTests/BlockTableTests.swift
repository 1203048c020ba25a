// SPDX-License-Identifier: Apache-2.0
import KVCache
import Testing

@Suite("Block table")
struct BlockTableTests {
    @Test("A table takes a block for each begun run of positions", arguments: [(0, 0), (1, 1), (32, 1), (33, 2)])
    func growth(positions: Int, blocks: Int) {
        var pool = BlockPool(blockCount: 4)
        var table = BlockTable(tokensPerBlock: 32)
        #expect(table.grow(toPositions: positions, from: &pool) == .fits)
        #expect(table.blocks.count == blocks)
        #expect(pool.freeCount == 4 - blocks)
        #expect(table.grow(toPositions: positions, from: &pool) == .fits)
        #expect(table.blocks.count == blocks)
    }

    @Test("A table that does not fit takes nothing and says what is lacking")
    func allOrNothing() {
        var pool = BlockPool(blockCount: 3)
        var table = BlockTable(tokensPerBlock: 8)
        #expect(table.grow(toPositions: 8, from: &pool) == .fits)
        #expect(table.grow(toPositions: 40, from: &pool) == .lacking(blocks: 2))
        #expect(table.blocks.count == 1)
        #expect(pool.freeCount == 2)
    }

    @Test("Tables that grow and are emptied at random never share a block and lose none")
    func randomTables() {
        var generator = SplitMix(state: 42)
        var pool = BlockPool(blockCount: 24)
        var tables = Array(repeating: BlockTable(tokensPerBlock: 4), count: 6)
        for _ in 0..<3000 {
            let index = Int(generator.next() % 6)
            if generator.next() % 4 == 0 {
                tables[index].empty(into: &pool)
                #expect(tables[index].capacity == 0)
            } else {
                let wanted = Int(generator.next() % 40)
                let before = tables[index]
                switch tables[index].grow(toPositions: wanted, from: &pool) {
                case .fits: #expect(tables[index].capacity >= wanted)
                case .lacking: #expect(tables[index] == before)
                }
            }
            let used = tables.flatMap(\.blocks)
            #expect(Set(used).count == used.count)
            #expect(used.count + pool.freeCount == 24)
        }
    }
}
