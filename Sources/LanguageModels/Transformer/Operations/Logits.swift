// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The logits of the sampled tokens.
struct Logits: TileProduct {
    let matrix: flow_matrix  // [vocabulary][hidden]

    func size(in step: TransformerStep) -> ProductSize {
        ProductSize(
            panels: KernelLayout.panelCount(ofRows: step.shape.vocabularySize), panelBytes: matrix.panelBytes,
            tokens: step.input.sampledCount)
    }

    func compute(_ tile: ProductTile, in step: TransformerStep) {
        let target = tile.buffer?.outputs() ?? step.activations.logits
        step.activations.sampled.multiply(
            matrix, tile.panels, next: matrix.panel(tile.next), tile.tokens, into: target, adding: false)
        let scaling = step.shape.scaling
        guard scaling.logits != 1 || scaling.logitsBound > 0 else { return }
        let own = outputs(of: tile.panels, in: step)
        for token in tile.tokens {
            let numbers = target[token] + own.lowerBound
            if scaling.logits != 1 { flow_scale(numbers, scaling.logits, own.count) }
            if scaling.logitsBound > 0 { flow_keep_bounded(numbers, scaling.logitsBound, own.count) }
        }
    }

    func deliver(_ buffer: TileBuffer, in step: TransformerStep) {
        buffer.copy(outputs(of: buffer.panels, in: step), from: buffer.outputs(), to: step.activations.logits)
    }

    private func outputs(of panels: Range<Int>, in step: TransformerStep) -> Range<Int> {
        KernelLayout.rows(ofPanels: panels, of: step.shape.vocabularySize)
    }
}
