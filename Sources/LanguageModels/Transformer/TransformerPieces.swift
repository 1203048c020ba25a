// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// How each operation is cut, and which function computes a piece.
extension TransformerForwardPass {
    func pieceCount(ofOperation index: Int) -> Int {
        guard let input else { preconditionFailure("a step is prepared before it runs") }
        let (operation, layer) = operation(at: index)
        switch operation {
        case .embed, .store, .feedForwardNorm, .attentionNorm:
            return Self.rowPieces(input.rowCount)
        case .outputNorm:
            return Self.rowPieces(input.sampledCount)
        case .attend:
            return groupPieces * (shape.keyValueHeadCount / keyValueHeadsPerPiece)
        case .project, .attentionOutput, .gateAndUp, .down, .logits:
            return grid(of: operation, layer: layer, input).count
        }
    }

    func runPiece(_ piece: Int, ofOperation index: Int, rank: Int) {
        guard let input else { preconditionFailure("a step is prepared before it runs") }
        let (operation, layer) = operation(at: index)
        switch operation {
        case .embed:
            for row in Self.rows(ofPiece: piece, of: input.rowCount) { embed(row, input) }
        case .store:
            for row in Self.rows(ofPiece: piece, of: input.rowCount) { store(row, layer: layer, input) }
        case .feedForwardNorm:
            for row in Self.rows(ofPiece: piece, of: input.rowCount) {
                norm(row, weight: model.layers[layer].feedForwardNorm)
            }
        case .attentionNorm:
            for row in Self.rows(ofPiece: piece, of: input.rowCount) {
                norm(row, weight: model.layers[layer + 1].attentionNorm)
            }
        case .outputNorm:
            for index in Self.rows(ofPiece: piece, of: input.sampledCount) { outputNorm(index, input) }
        case .attend:
            let head = piece / groupPieces * keyValueHeadsPerPiece
            let first = piece % groupPieces * groupsPerPiece
            for group in first..<min(first + groupsPerPiece, groupCount) {
                attend(self.group(group), keyValueHeads: head..<head + keyValueHeadsPerPiece, layer: layer, input)
            }
        case .project, .attentionOutput, .gateAndUp, .down, .logits:
            multiply(piece, operation, layer: layer, input)
        }
    }

    /// The cut of an operation that multiplies with matrices; several matrices are laid behind each other.
    private func grid(of operation: Operation, layer: Int, _ input: StepInput) -> PieceGrid {
        let weights = model.layers[layer]
        switch operation {
        case .project:
            return grid(weights.query, projectionPanels, input.rowCount)
        case .attentionOutput:
            return grid(weights.attentionOutput, Self.panels(shape.hiddenSize), input.rowCount)
        case .gateAndUp:
            // A piece has panels of both matrices: it counts as twice as wide.
            return grid(weights.gate, Self.panels(shape.feedForwardSize), input.rowCount, times: 2)
        case .down:
            return grid(weights.down, Self.panels(shape.hiddenSize), input.rowCount)
        default:
            return grid(model.output, Self.panels(shape.vocabularySize), input.sampledCount)
        }
    }

    private func grid(_ matrix: flow_matrix, _ panels: Int, _ vectors: Int, times: Int = 1) -> PieceGrid {
        PieceGrid(panels: panels, panelBytes: times * matrix.panelBytes, vectors: vectors, ranks: rankCount)
    }

    private func multiply(_ piece: Int, _ operation: Operation, layer: Int, _ input: StepInput) {
        let grid = grid(of: operation, layer: layer, input)
        let panels = grid.panels(ofPiece: piece)
        let rows = grid.vectors(ofPiece: piece)
        let weights = model.layers[layer]
        switch operation {
        case .project:
            project(panels, rows, weights)
        case .attentionOutput:
            let source = activations.attended
            product(weights.attentionOutput, panels, source, rows, into: activations.residual, adding: true)
        case .gateAndUp:
            gateAndUp(panels, rows, weights)
        case .down:
            product(weights.down, panels, activations.gate, rows, into: activations.residual, adding: true)
        default:
            product(model.output, panels, activations.sampled, rows, into: activations.logits, adding: false)
        }
    }

    /// Panels of queries, keys and values together.
    private var projectionPanels: Int {
        Self.panels(shape.headCount * shape.headSize) + 2 * Self.panels(shape.keyValueHeadCount * shape.headSize)
    }

    /// Panels of a matrix with some rows.
    static func panels(_ rows: Int) -> Int { (rows + 31) / 32 }

    private static func rowPieces(_ count: Int) -> Int { (count + rowsPerPiece - 1) / rowsPerPiece }

    private static func rows(ofPiece piece: Int, of count: Int) -> Range<Int> {
        piece * rowsPerPiece..<min((piece + 1) * rowsPerPiece, count)
    }
}
