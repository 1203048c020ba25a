// SPDX-License-Identifier: Apache-2.0

/// Products with the matrices of one operation: what `ProductOperation` needs to know of them.
protocol TileProduct {
    /// How much is multiplied in the prepared step.
    func size(in step: TransformerStep) -> ProductSize

    /// Multiplies the panels of a tile with its tokens, into its buffer or to the place of the outputs.
    func compute(_ tile: ProductTile, in step: TransformerStep)

    /// Writes what `compute` left in a buffer to its place, as the same bits.
    func deliver(_ buffer: TileBuffer, in step: TransformerStep)
}

/// What the grid of an operation is made of.
struct ProductSize {
    /// Panels of the operation; matrices that are multiplied one after the other lie behind each other.
    let panels: Int
    /// Bytes of weights for each of them.
    let panelBytes: Int
    /// Tokens that each panel is multiplied with.
    let tokens: Int
    /// Matrices that have a panel of their own for each panel of the operation.
    var matrices = 1
}

/// Panels times tokens.
struct ProductTile {
    let panels: Range<Int>
    let tokens: Range<Int>
    /// The first panel of the tile that this rank probably comes to afterwards.
    let next: Int?
    /// Where the results are left; nil where they go to their place.
    let buffer: TileBuffer?
}

/// An operation that multiplies with matrices, cut into panels and tokens. Where few tokens make it short, tiles are
/// computed into buffers: a late rank would hold up a step of some milliseconds.
final class ProductOperation<Product: TileProduct>: TransformerOperation {
    private let product: Product
    /// Of the present step; set when its tiles are counted.
    private var grid: TileGrid?
    private(set) var usesBuffers = false

    init(_ product: Product) {
        self.product = product
    }

    func cut(in step: TransformerStep) -> Int {
        let size = product.size(in: step)
        let grid = TileGrid(
            panels: size.panels, panelBytes: size.panelBytes, vectors: size.tokens, ranks: step.rankCount)
        self.grid = grid
        usesBuffers = step.backupBuffers != nil && BackupBuffers.hold(grid, matrices: size.matrices)
        return grid.count
    }

    func run(_ tile: Int, in step: TransformerStep, rank: Int) {
        product.compute(
            ProductTile(
                panels: presentGrid.panels(ofTile: tile), tokens: presentGrid.vectors(ofTile: tile),
                next: presentGrid.nextPanel(afterTile: tile), buffer: buffer(of: tile, in: step, rank: rank)),
            in: step)
    }

    func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {
        guard let buffer = buffer(of: tile, in: step, rank: rank) else {
            preconditionFailure("a tile without a buffer is delivered")
        }
        product.deliver(buffer, in: step)
    }

    private func buffer(of tile: Int, in step: TransformerStep, rank: Int) -> TileBuffer? {
        guard usesBuffers else { return nil }
        return step.backupBuffers?.buffer(
            rank: rank, presentGrid.panels(ofTile: tile), presentGrid.vectors(ofTile: tile))
    }

    private var presentGrid: TileGrid {
        guard let grid else { preconditionFailure("an operation is cut before its tiles run") }
        return grid
    }
}
