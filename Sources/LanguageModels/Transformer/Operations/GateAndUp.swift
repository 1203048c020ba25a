// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The products with gate and up of a feed-forward layer, and the activation of their outputs.
struct GateAndUp: TileProduct {
    let weights: FeedForward

    /// A tile has panels of both matrices: it counts as twice as wide.
    func size(in step: TransformerStep) -> ProductSize {
        ProductSize(
            panels: weights.up.panelCount, panelBytes: 2 * weights.up.matrix.panelBytes, tokens: step.input.tokenCount,
            matrices: 2)
    }

    func compute(_ tile: ProductTile, in step: TransformerStep) {
        let activations = step.activations
        let gate = tile.buffer?.outputs() ?? activations.gate.floats
        let up = tile.buffer?.outputs(ofMatrix: 1) ?? activations.up
        let matrix = weights.up.matrix
        if let projection = weights.gate {
            activations.normed.multiply(
                projection, tile.panels, next: matrix.panel(tile.panels.lowerBound), tile.tokens, into: gate,
                adding: false)
            activations.normed.multiply(
                weights.up, tile.panels, next: projection.matrix.panel(tile.next), tile.tokens, into: up, adding: false)
        } else {
            activations.normed.multiply(
                weights.up, tile.panels, next: matrix.panel(tile.next), tile.tokens, into: gate, adding: false)
        }
        let own = weights.up.outputs(of: tile.panels)
        for token in tile.tokens {
            step.model.design.activate(
                gate[token] + own.lowerBound, weights.gate == nil ? nil : up[token] + own.lowerBound, own.count)
            if tile.buffer == nil { activations.gate.convert(row: token, own) }
        }
    }

    /// The activated outputs, in all forms that the next matrices need.
    func deliver(_ buffer: TileBuffer, in step: TransformerStep) {
        let own = weights.up.outputs(of: buffer.panels)
        buffer.copy(own, from: buffer.outputs(), to: step.activations.gate.floats)
        for token in buffer.rows { step.activations.gate.convert(row: token, own) }
    }
}

extension TransformerDesign {
    /// gate = activation(gate) * up, or the activation alone.
    func activate(_ gate: UnsafeMutablePointer<Float>, _ up: UnsafeMutablePointer<Float>?, _ count: Int) {
        if let up, activation == FLOW_ACTIVATION_SILU {
            flow_swiglu(gate, up, count)
        } else {
            flow_activate(activation, gate, up, count)
        }
    }
}
