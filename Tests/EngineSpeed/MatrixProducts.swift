// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CFlowKernels
internal import LanguageModels

/// The products of a model's feed-forward matrices with some vectors, each matrix as one operation and nothing between
/// them: what the matrix kernels alone reach, over weights that no cache holds.
final class MatrixProducts: StepProgram {
    private let matrices: [(view: flow_matrix, grid: PieceGrid)]
    private let vectors: Int
    private let floats: ActivationRows  // [vectors][the longest row]
    private let blocks: QuantisedRows  // the same numbers
    private let target: ActivationRows  // [vectors][the most rows]
    private let memory: ActivationMemory

    /// Multiplications and additions of one run.
    let operations: Int

    init(_ artefact: Artefact, vectors: Int, ranks: Int) throws {
        let shape = artefact.configuration
        let (hidden, wide) = (shape.hiddenSize, shape.feedForwardSize)
        let widest = (max(hidden, wide) + 31) / 32 * 32
        var matrices: [(flow_matrix, PieceGrid)] = []
        for layer in 0..<shape.layerCount {
            for (role, rows, columns) in [
                (TensorRole.feedForwardGate, wide, hidden), (.feedForwardUp, wide, hidden),
                (.feedForwardDown, hidden, wide),
            ] {
                let view = try artefact.matrix(role, layer: layer, rows: rows, columns: columns)
                matrices.append(
                    (
                        view,
                        PieceGrid(panels: (rows + 31) / 32, panelBytes: view.panelBytes, vectors: vectors, ranks: ranks)
                    ))
            }
        }
        self.matrices = matrices
        self.vectors = vectors
        operations = 2 * 3 * shape.layerCount * hidden * wide * vectors
        let activations = ActivationShape(rows: vectors, width: widest)
        memory = try ActivationMemory(arrays: [activations, activations], blocks: [activations])
        floats = memory.take(activations)
        target = memory.take(activations)
        blocks = memory.takeQuantised(activations)
        for vector in 0..<vectors {
            for column in 0..<widest {
                floats[vector][column] = Float((vector &* 31 &+ column &* 7919) % 257 - 128) / 64
            }
            flow_quantise(floats[vector], widest, blocks[vector])
        }
    }

    var operationCount: Int { matrices.count }

    func pieceCount(ofOperation operation: Int) -> Int { matrices[operation].grid.count }

    func runPiece(_ piece: Int, ofOperation operation: Int, rank: Int) {
        let (matrix, grid) = matrices[operation]
        let panels = grid.panels(ofPiece: piece)
        let rows = grid.vectors(ofPiece: piece)
        let first = rows.lowerBound
        withUnsafePointer(to: matrix) {
            if matrix.isQuantised {
                flow_quantised_product(
                    $0, panels.lowerBound, panels.upperBound, blocks[first], blocks.stride, rows.count,
                    target[first], target.stride, false)
            } else {
                flow_matrix_product(
                    $0, panels.lowerBound, panels.upperBound, floats[first], floats.stride, rows.count,
                    target[first], target.stride, false)
            }
        }
    }
}
