// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The last product of a branch, that is of attention or of a feed-forward layer: onto the residual, or to a place of its
/// own where more is done with it.
struct BranchOutput: TileProduct {
    let projection: Projection
    let source: Operand
    /// Whether it is added to the residual at once.
    let isAdded: Bool

    func size(in step: TransformerStep) -> ProductSize {
        ProductSize(
            panels: projection.panelCount, panelBytes: projection.matrix.panelBytes, tokens: step.input.tokenCount)
    }

    func compute(_ tile: ProductTile, in step: TransformerStep) {
        let following = projection.matrix.panel(tile.next)
        if let buffer = tile.buffer, isAdded {
            // The bias comes after the residual, as it does without a buffer.
            source.multiply(
                projection.matrix, tile.panels, next: following, tile.tokens, into: buffer.outputs(), adding: false)
        } else {
            source.multiply(
                projection, tile.panels, next: following, tile.tokens,
                into: tile.buffer?.outputs() ?? target(in: step), adding: isAdded)
        }
    }

    func deliver(_ buffer: TileBuffer, in step: TransformerStep) {
        let own = projection.outputs(of: buffer.panels)
        let sums = buffer.outputs()
        guard isAdded else { return buffer.copy(own, from: sums, to: target(in: step)) }
        for token in buffer.rows {
            let residual = step.activations.residual[token] + own.lowerBound
            flow_add(residual, sums[token] + own.lowerBound, own.count)
            if let bias = projection.bias { flow_add(residual, bias + own.lowerBound, own.count) }
        }
    }

    private func target(in step: TransformerStep) -> ActivationRows {
        isAdded ? step.activations.residual : step.activations.branch
    }
}
