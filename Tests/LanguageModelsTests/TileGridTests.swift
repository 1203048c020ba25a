// SPDX-License-Identifier: Apache-2.0
import LanguageModels
import Testing

@Suite("TileGrid")
struct TileGridTests {
    @Test(
        "covers every panel of every vector exactly once",
        arguments: [(1, 4096), (8, 16_384), (64, 131_072), (1000, 524_288), (4008, 262_144)], [1, 7, 64, 65, 600])
    func coverage(_ matrix: (panels: Int, bytes: Int), _ vectors: Int) {
        for ranks in [1, 2, 8, 64] {
            let grid = TileGrid(panels: matrix.panels, panelBytes: matrix.bytes, vectors: vectors, ranks: ranks)
            var covered = 0
            for tile in 0..<grid.count {
                let (panels, rows) = (grid.panels(ofTile: tile), grid.vectors(ofTile: tile))
                #expect(!panels.isEmpty && panels.upperBound <= matrix.panels)
                #expect(!rows.isEmpty && rows.upperBound <= vectors)
                covered += panels.count * rows.count
            }
            #expect(covered == matrix.panels * vectors)
            #expect(
                Set(
                    (0..<grid.count).map {
                        [grid.panels(ofTile: $0).lowerBound, grid.vectors(ofTile: $0).lowerBound]
                    }
                )
                .count == grid.count)
        }
    }

    @Test("cuts weights into tiles of at most 256 KiB, or single panels")
    func tileSizes() {
        let grid = TileGrid(panels: 256, panelBytes: 32_768, vectors: 1, ranks: 2)
        #expect((0..<grid.count).allSatisfy { grid.panels(ofTile: $0).count * 32_768 <= TileGrid.tileBytes })
        #expect(TileGrid(panels: 256, panelBytes: 1 << 20, vectors: 1, ranks: 2).count == 256)
    }

    @Test("gives every rank two tiles of a small matrix, and one rank whole tiles")
    func smallMatrices() {
        #expect(TileGrid(panels: 8, panelBytes: 16_384, vectors: 1, ranks: 2).count == 4)
        #expect(TileGrid(panels: 8, panelBytes: 16_384, vectors: 1, ranks: 1).count == 1)
    }

    @Test("never has more tiles than a queue can hold")
    func limit() {
        let grid = TileGrid(panels: 32_768, panelBytes: 4_194_304, vectors: 4096, ranks: 1024)
        #expect(grid.count <= TileGrid.maxTiles)
    }
}
