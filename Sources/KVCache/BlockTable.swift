// SPDX-License-Identifier: Apache-2.0

/// The blocks that hold one sequence's keys and values, in the order of its positions.
///
/// A table has no source of blocks of its own: whoever owns both passes the source in, and must empty the table before
/// dropping it.
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

    /// Leases up to `count` blocks more and returns how many of them there were.
    @discardableResult
    package mutating func grow(by count: Int, from source: inout some BlockSource) -> Int {
        for grown in 0..<max(0, count) {
            guard let block = source.lease() else { return grown }
            blocks.append(block)
        }
        return max(0, count)
    }

    /// Releases the last blocks, at most `count` of them.
    package mutating func shrink(by count: Int, into source: inout some BlockSource) {
        for _ in 0..<min(max(0, count), blocks.count) { source.release(blocks.removeLast()) }
    }

    /// Releases all blocks.
    package mutating func empty(into source: inout some BlockSource) { shrink(by: blocks.count, into: &source) }
}
