// SPDX-License-Identifier: Apache-2.0

/// How a matrix product of one operation is cut: ranges of panels, and ranges of vectors when there are many.
///
/// Cuts never change a result; they balance the cost of taking a tile against ranks that wait at the end.
package struct TileGrid: Equatable {
    /// Weights of one tile, in bytes; a quarter of a usual second-level cache.
    package static let tileBytes = 256 * 1024
    /// Vectors of one tile, so that a tile of a long prompt does not take longer than some 100 us.
    package static let tileVectors = 64
    /// Most tiles of one operation.
    package static let maxTiles = 32_767

    /// Panels that the operation computes.
    package let panels: Int
    /// Vectors that each panel is multiplied with.
    package let vectors: Int
    /// Panels of one tile.
    package let panelsPerTile: Int
    private let ranks: Int

    private var panelTiles: Int { (panels + panelsPerTile - 1) / panelsPerTile }
    private var vectorTiles: Int { (vectors + Self.tileVectors - 1) / Self.tileVectors }

    /// The cut for panels of a size, on some ranks.
    package init(panels: Int, panelBytes: Int, vectors: Int, ranks: Int) {
        self.panels = panels
        self.vectors = vectors
        self.ranks = ranks
        let vectorTiles = (vectors + Self.tileVectors - 1) / Self.tileVectors
        var perTile = max(1, Self.tileBytes / panelBytes)
        if ranks > 1 {
            // At least two tiles for each rank where the panels allow it.
            perTile = min(perTile, max(1, panels * vectorTiles / (2 * ranks)))
        }
        let fewest = (panels * vectorTiles + Self.maxTiles - 1) / Self.maxTiles
        panelsPerTile = max(perTile, fewest)
    }

    /// Tiles of the operation.
    package var count: Int { panelTiles * vectorTiles }

    /// The panels of a tile. Tiles of the same panels follow each other, so that the weights stay in a cache.
    package func panels(ofTile tile: Int) -> Range<Int> {
        let first = tile / vectorTiles * panelsPerTile
        return first..<min(first + panelsPerTile, panels)
    }

    /// The panel that the rank of a tile probably comes to next: while all are equally fast they take one after
    /// another. Nil behind the last one.
    package func nextPanel(afterTile tile: Int) -> Int? {
        let next = tile + ranks
        return next < count ? panels(ofTile: next).lowerBound : nil
    }

    /// The vectors of a tile.
    package func vectors(ofTile tile: Int) -> Range<Int> {
        let first = tile % vectorTiles * Self.tileVectors
        return first..<min(first + Self.tileVectors, vectors)
    }
}
