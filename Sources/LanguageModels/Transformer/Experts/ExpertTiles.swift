// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Panels of one expert's matrix times some of its entries.
struct ExpertTile {
    let expert: Int
    let panels: Range<Int>
    let entries: Range<Int>
}

/// How an operation over the matrices of all experts with tokens is cut: the cut of each expert, one behind the other.
struct ExpertTiles {
    private let routing: ExpertRouting
    private let panels: Int
    private let panelBytes: Int
    private let rankCount: Int

    /// The cut of the routing's experts; `panelBytes` counts all matrices of the operation.
    init(_ routing: ExpertRouting, panels: Int, panelBytes: Int, rankCount: Int) {
        self.routing = routing
        self.panels = panels
        self.panelBytes = panelBytes
        self.rankCount = rankCount
    }

    /// Tiles of all experts.
    var count: Int {
        let all = routing.shares.reduce(0) { $0 + grid(of: $1).count }
        return all > TileGrid.maxTiles ? routing.shares.count : all
    }

    /// A tile by its number.
    subscript(tile: Int) -> ExpertTile {
        let isWhole = count == routing.shares.count
        var left = tile
        for share in routing.shares {
            let grid = grid(of: share)
            let own = isWhole ? 1 : grid.count
            if left >= own {
                left -= own
                continue
            }
            let start = share.entries.lowerBound
            let panels = isWhole ? 0..<self.panels : grid.panels(ofTile: left)
            let vectors = isWhole ? 0..<share.entries.count : grid.vectors(ofTile: left)
            return ExpertTile(
                expert: share.expert, panels: panels, entries: start + vectors.lowerBound..<start + vectors.upperBound)
        }
        preconditionFailure("a tile is one of an expert with tokens")
    }

    private func grid(of share: ExpertRouting.Share) -> TileGrid {
        // There are as many experts as the ranks can want: one need not be cut for their sake.
        TileGrid(
            panels: panels, panelBytes: panelBytes, vectors: share.entries.count,
            ranks: routing.shares.count >= 2 * rankCount ? 1 : rankCount)
    }
}
