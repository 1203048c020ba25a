// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CFlowKernels
internal import LanguageModels

/// The products of a model's feed-forward matrices with some vectors, each matrix as one operation and nothing between
/// them: what the matrix kernels alone reach, over weights that no cache holds.
final class MatrixProducts: StepProgram {
    private let matrices: [(view: flow_matrix, grid: TileGrid)]
    private let vectors: Int
    private let source: Operand  // [vectors][the longest row]
    private let target: ActivationRows  // [vectors][the most rows]
    private let memory: ActivationMemory

    /// Multiplications and additions of one run.
    let operations: Int
    /// Bytes of all the matrices.
    var byteCount: Int { matrices.reduce(0) { $0 + $1.grid.panels * $1.view.panelBytes } }
    /// Whether numbers are multiplied as floats, not as bytes.
    var isOfFloats: Bool { !(matrices.first?.view.isQuantised ?? true) }
    /// Whether the weights that are multiplied have four bits or fewer.
    var isOfNibbles: Bool {
        switch matrices.first?.view.number {
        case FLOW_NUMBER_INT4?, FLOW_NUMBER_INT4_SCALED?, FLOW_NUMBER_INT4_MINIMA?, FLOW_NUMBER_INT2_SCALED?: true
        default: false
        }
    }

    init(_ artefact: Artefact, vectors: Int, ranks: Int) throws {
        let shape = artefact.configuration
        let (hidden, wide) = (shape.hiddenSize, shape.feedForwardSize)
        let widest = (max(hidden, wide) + 31) / 32 * 32
        var matrices: [(flow_matrix, TileGrid)] = []
        for layer in 0..<shape.layerCount {
            for (role, rows, columns) in [
                (TensorRole.feedForwardGate, wide, hidden), (.feedForwardUp, wide, hidden),
                (.feedForwardDown, hidden, wide),
            ] {
                let view = try artefact.matrix(role, layer: layer, rows: rows, columns: columns)
                matrices.append(
                    (
                        view,
                        TileGrid(panels: (rows + 31) / 32, panelBytes: view.panelBytes, vectors: vectors, ranks: ranks)
                    ))
            }
        }
        self.matrices = matrices
        self.vectors = vectors
        operations = 2 * 3 * shape.layerCount * hidden * wide * vectors
        let activations = ActivationShape(rows: vectors, width: widest)
        let operand = OperandShape(activations, Operand.Forms(of: matrices.map(\.0)))
        memory = try ActivationMemory(arrays: [activations], operands: [operand])
        target = memory.take(activations)
        source = memory.take(operand)
        for vector in 0..<vectors {
            for column in 0..<widest {
                source.floats[vector][column] = Float((vector &* 31 &+ column &* 7919) % 257 - 128) / 64
            }
            source.convert(row: vector, 0..<widest)
        }
    }

    var operationCount: Int { matrices.count }

    func tileCount(ofOperation operation: Int) -> Int { matrices[operation].grid.count }

    func runTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        let (matrix, grid) = matrices[operation]
        let panels = grid.panels(ofTile: tile)
        let rows = grid.vectors(ofTile: tile)
        let first = rows.lowerBound
        let next = matrix.panel(grid.nextPanel(afterTile: tile))
        withUnsafePointer(to: matrix) {
            if matrix.isQuantised {
                flow_quantised_product(
                    $0, panels.lowerBound, panels.upperBound, next, source.blocks[first], source.blocks.stride,
                    rows.count, target[first], target.stride, false)
            } else if matrix.number == FLOW_NUMBER_BF16 {
                flow_brain_product(
                    $0, panels.lowerBound, panels.upperBound, source.brains[first], source.brains.stride, rows.count,
                    target[first], target.stride, false)
            } else {
                flow_matrix_product(
                    $0, panels.lowerBound, panels.upperBound, source.floats[first], source.floats.stride, rows.count,
                    target[first], target.stride, false)
            }
        }
    }
}
