// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Which tiles can be backed up, and how one is delivered from the buffer of its rank: as the same bits that it would
/// have written directly.
extension TransformerForwardPass {
    func allowsBackup(operation index: Int) -> Bool {
        switch program.steps[index].operation {
        case .project, .attentionOutput, .gateAndUp, .down, .logits: cut(ofOperation: index).allowsBackup
        default: false
        }
    }

    /// Products can be backed up where few tokens make them short: a late rank would hold up a step of some
    /// milliseconds.
    func allowsBackup(_ step: TransformerProgram.Step, _ grid: TileGrid) -> Bool {
        backupBuffers != nil && BackupBuffers.hold(grid, matrices: step.operation == .gateAndUp ? 2 : 1)
    }

    func deliverTile(_ tile: Int, ofOperation index: Int, rank: Int) {
        guard let backupBuffers else { preconditionFailure("a tile without a buffer is delivered") }
        let step = program.steps[index]
        let layer = model.layers[step.layer]
        let grid = cut(ofOperation: index).grid
        let buffer = backupBuffers.buffer(rank: rank, grid.panels(ofTile: tile), grid.vectors(ofTile: tile))
        switch step.operation {
        case .project:
            deliverProjections(buffer)
        case .gateAndUp:
            if let weights = layer.feedForward { deliverGate(buffer, width: weights.width) }
        case .logits:
            deliver(buffer, width: shape.vocabularySize, to: activations.logits)
        default:
            if let branch = branch(of: step, layer) { deliver(buffer, of: branch) }
        }
    }

    /// A branch's outputs: onto the residual, or to their own place.
    private func deliver(_ buffer: TileBuffer, of branch: BranchOutput) {
        guard branch.isAdded else { return deliver(buffer, width: shape.hiddenSize, to: activations.branch) }
        let own = outputs(of: buffer.panels, width: shape.hiddenSize)
        let sums = buffer.outputs()
        for token in buffer.rows {
            let residual = activations.residual[token] + own.lowerBound
            flow_add(residual, sums[token] + own.lowerBound, own.count)
            if let bias = branch.projection.bias { flow_add(residual, bias + own.lowerBound, own.count) }
        }
    }

    private func deliverProjections(_ buffer: TileBuffer) {
        deliver(buffer, to: projectedQueries)
        deliver(buffer, to: projectedKeys)
        deliver(buffer, to: projectedValues)
    }

    private func deliver(_ buffer: TileBuffer, to part: ProjectedPart) {
        let own = buffer.panels.clamped(to: part.panels)
        guard !own.isEmpty else { return }
        let first = part.panels.lowerBound
        let panels = own.lowerBound - first..<own.upperBound - first
        copy(buffer.outputs(firstPanel: first), panels, buffer.rows, width: part.width, to: part.target)
    }

    /// The gate's activated tokens, in all forms that the next matrices need.
    private func deliverGate(_ buffer: TileBuffer, width: Int) {
        deliver(buffer, width: width, to: activations.gate.floats)
        let own = outputs(of: buffer.panels, width: width)
        for token in buffer.rows { activations.gate.convert(row: token, own) }
    }

    private func deliver(_ buffer: TileBuffer, width: Int, to target: ActivationRows) {
        copy(buffer.outputs(), buffer.panels, buffer.rows, width: width, to: target)
    }

    private func copy(
        _ source: ActivationRows, _ panels: Range<Int>, _ tokens: Range<Int>, width: Int, to target: ActivationRows
    ) {
        let own = outputs(of: panels, width: width)
        for token in tokens {
            (target[token] + own.lowerBound).update(from: source[token] + own.lowerBound, count: own.count)
        }
    }
}

/// How a product is cut, and what becomes of its tiles.
struct TileCut {
    let grid: TileGrid
    let allowsBackup: Bool
}

/// The last product of a branch of a layer.
struct BranchOutput {
    let projection: Projection
    let source: Operand
    /// Whether it is added to the residual at once.
    let isAdded: Bool
}
