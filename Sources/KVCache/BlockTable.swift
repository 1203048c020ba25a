// SPDX-License-Identifier: Apache-2.0

/// The blocks that hold one sequence's keys and values, in the order of its positions.
///
/// A table has no pool of its own: whoever owns both passes the pool in, and must empty the table before it drops it.
package struct BlockTable: Sendable, Equatable {
    /// Positions that one block holds.
    package let tokensPerBlock: Int
    /// Physical block numbers; entry i holds positions `i * tokensPerBlock ..< (i + 1) * tokensPerBlock`.
    package private(set) var blocks: [Int32] = []

    /// A table without blocks.
    package init(tokensPerBlock: Int) {
        precondition(tokensPerBlock > 0, "a block holds at least one position")
        self.tokensPerBlock = tokensPerBlock
    }

    /// Positions that fit into the blocks there are.
    package var capacity: Int { blocks.count * tokensPerBlock }

    /// Blocks that `positions` positions fill or begin.
    package static func blockCount(forPositions positions: Int, tokensPerBlock: Int) -> Int {
        positions / tokensPerBlock + (positions % tokensPerBlock == 0 ? 0 : 1)
    }

    /// Blocks that are missing until `positions` positions fit.
    package func missingBlocks(forPositions positions: Int) -> Int {
        max(0, Self.blockCount(forPositions: positions, tokensPerBlock: tokensPerBlock) - blocks.count)
    }

    /// Takes the missing blocks for `positions` positions: all of them, or none where the pool has too few.
    package mutating func grow(toPositions positions: Int, from pool: inout BlockPool) -> BlockGrowth {
        let missing = missingBlocks(forPositions: positions)
        guard missing <= pool.freeCount else { return .lacking(blocks: missing - pool.freeCount) }
        for _ in 0..<missing {
            if let block = pool.take() { blocks.append(block) }
        }
        return .fits
    }

    /// Gives all blocks back.
    package mutating func empty(into pool: inout BlockPool) {
        for block in blocks { pool.giveBack(block) }
        blocks.removeAll()
    }
}

/// What became of a table's wish for more blocks.
package enum BlockGrowth: Sendable, Equatable {
    /// The positions fit now.
    case fits
    /// Nothing was taken: the pool has that many blocks too few.
    case lacking(blocks: Int)
}
