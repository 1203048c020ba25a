// SPDX-License-Identifier: Apache-2.0
import LanguageModels
import Testing

@Suite("PieceGrid")
struct PieceGridTests {
    @Test(
        "covers every panel of every vector exactly once",
        arguments: [(1, 4096), (8, 16_384), (64, 131_072), (1000, 524_288), (4008, 262_144)], [1, 7, 64, 65, 600])
    func coverage(_ matrix: (panels: Int, bytes: Int), _ vectors: Int) {
        for ranks in [1, 2, 8, 64] {
            let grid = PieceGrid(panels: matrix.panels, panelBytes: matrix.bytes, vectors: vectors, ranks: ranks)
            var covered = 0
            for piece in 0..<grid.count {
                let (panels, rows) = (grid.panels(ofPiece: piece), grid.vectors(ofPiece: piece))
                #expect(!panels.isEmpty && panels.upperBound <= matrix.panels)
                #expect(!rows.isEmpty && rows.upperBound <= vectors)
                covered += panels.count * rows.count
            }
            #expect(covered == matrix.panels * vectors)
            #expect(
                Set(
                    (0..<grid.count).map {
                        [grid.panels(ofPiece: $0).lowerBound, grid.vectors(ofPiece: $0).lowerBound]
                    }
                )
                .count == grid.count)
        }
    }

    @Test("cuts weights into pieces of at most 256 KiB, or single panels")
    func pieceSizes() {
        let grid = PieceGrid(panels: 256, panelBytes: 32_768, vectors: 1, ranks: 2)
        #expect((0..<grid.count).allSatisfy { grid.panels(ofPiece: $0).count * 32_768 <= PieceGrid.pieceBytes })
        #expect(PieceGrid(panels: 256, panelBytes: 1 << 20, vectors: 1, ranks: 2).count == 256)
    }

    @Test("gives every rank two pieces of a small matrix, and one rank whole pieces")
    func smallMatrices() {
        #expect(PieceGrid(panels: 8, panelBytes: 16_384, vectors: 1, ranks: 2).count == 4)
        #expect(PieceGrid(panels: 8, panelBytes: 16_384, vectors: 1, ranks: 1).count == 1)
    }

    @Test("never has more pieces than a ticket can hold")
    func limit() {
        let grid = PieceGrid(panels: 32_768, panelBytes: 4_194_304, vectors: 4096, ranks: 1024)
        #expect(grid.count <= PieceGrid.maxPieces)
    }
}
