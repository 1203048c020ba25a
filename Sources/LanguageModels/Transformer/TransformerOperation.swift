// SPDX-License-Identifier: Apache-2.0

/// One operation of a step: how it is cut into tiles, what a tile computes, and how a tile is delivered where two ranks
/// may compute it. Each kind is a type of its own in `Operations`, and `TransformerProgram` has the table of them: a new
/// operation is a new file and an entry there. No requirement has a default, so the compiler names what is missing.
///
/// An operation keeps the weights that it uses. What changes from step to step is in `TransformerStep`.
protocol TransformerOperation {
    /// Cuts the operation for the prepared step and returns the number of tiles, 1 ... `TileGrid.maxTiles`. One rank
    /// calls it, when the operation before this one is done and before a tile of this one is run.
    func cut(in step: TransformerStep) -> Int

    /// Computes a tile. Ranks run different tiles at once; a tile writes no number that another one reads or writes.
    func run(_ tile: Int, in step: TransformerStep, rank: Int)

    /// Whether tiles of the present cut are computed into buffers, so that two ranks may compute one where one of them is
    /// late: `run` leaves the results in the buffer of its rank, and the first rank that is ready delivers them. Else tiles
    /// write to their place, and none may be computed twice.
    var usesBuffers: Bool { get }

    /// Writes the results of the tile that this rank ran last to their place, as the same bits that `run` would have
    /// written without a buffer. Only where buffers are used.
    func deliver(_ tile: Int, in step: TransformerStep, rank: Int)
}

/// An operation that treats each token by itself: a tile is a few neighbouring tokens.
protocol TokenOperation: TransformerOperation {
    /// Tokens that the operation treats in the prepared step: all of them, or those with outputs.
    func tokenCount(in step: TransformerStep) -> Int

    /// Treats some tokens.
    func compute(_ tokens: Range<Int>, in step: TransformerStep)
}

/// Tokens of a tile of a `TokenOperation`: enough that taking a tile costs nothing beside it.
private let tokensPerTile = 8

extension TokenOperation {
    func cut(in step: TransformerStep) -> Int { (tokenCount(in: step) + tokensPerTile - 1) / tokensPerTile }

    func run(_ tile: Int, in step: TransformerStep, rank: Int) {
        let first = tile * tokensPerTile
        compute(first..<min(first + tokensPerTile, tokenCount(in: step)), in: step)
    }

    /// A few tokens are soon done: a late rank holds the others up for a moment only.
    var usesBuffers: Bool { false }
    func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {}
}
