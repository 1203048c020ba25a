// SPDX-License-Identifier: Apache-2.0

/// How a matrix product of one operation is cut: ranges of panels, and ranges of vectors when there are many.
///
/// Cuts never change a result; they balance the cost of taking a piece against ranks that wait at the end.
package struct PieceGrid: Equatable {
    /// Weights of one piece, in bytes; a quarter of a usual second-level cache.
    package static let pieceBytes = 256 * 1024
    /// Vectors of one piece, so that a piece of a long prompt does not take longer than some 100 us.
    package static let pieceVectors = 64
    /// Most pieces of one operation.
    package static let maxPieces = 32_767

    /// Panels that the operation computes.
    package let panels: Int
    /// Vectors that each panel is multiplied with.
    package let vectors: Int
    /// Panels of one piece.
    package let panelsPerPiece: Int
    private let ranks: Int

    private var panelPieces: Int { (panels + panelsPerPiece - 1) / panelsPerPiece }
    private var vectorPieces: Int { (vectors + Self.pieceVectors - 1) / Self.pieceVectors }

    /// The cut for panels of a size, on some ranks.
    package init(panels: Int, panelBytes: Int, vectors: Int, ranks: Int) {
        self.panels = panels
        self.vectors = vectors
        self.ranks = ranks
        let vectorPieces = (vectors + Self.pieceVectors - 1) / Self.pieceVectors
        var perPiece = max(1, Self.pieceBytes / panelBytes)
        if ranks > 1 {
            // At least two pieces for each rank where the panels allow it.
            perPiece = min(perPiece, max(1, panels * vectorPieces / (2 * ranks)))
        }
        let fewest = (panels * vectorPieces + Self.maxPieces - 1) / Self.maxPieces
        panelsPerPiece = max(perPiece, fewest)
    }

    /// Pieces of the operation.
    package var count: Int { panelPieces * vectorPieces }

    /// The panels of a piece. Pieces of the same panels follow each other, so that the weights stay in a cache.
    package func panels(ofPiece piece: Int) -> Range<Int> {
        let first = piece / vectorPieces * panelsPerPiece
        return first..<min(first + panelsPerPiece, panels)
    }

    /// The panel that the rank of a piece probably comes to next: while all are equally fast they take turns. Nil behind
    /// the last one.
    package func nextPanel(afterPiece piece: Int) -> Int? {
        let next = piece + ranks
        return next < count ? panels(ofPiece: next).lowerBound : nil
    }

    /// The vectors of a piece.
    package func vectors(ofPiece piece: Int) -> Range<Int> {
        let first = piece % vectorPieces * Self.pieceVectors
        return first..<min(first + Self.pieceVectors, vectors)
    }
}
