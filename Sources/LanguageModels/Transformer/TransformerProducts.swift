// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Products with matrices, and what is done to their panels at once.
extension TransformerForwardPass {
    /// A branch's last product: onto the residual, or to a place of its own where more is done with it.
    func output(_ branch: BranchOutput, _ panels: Range<Int>, next: Int?, _ tokens: Range<Int>, _ buffer: TileBuffer?) {
        let following = branch.projection.matrix.panel(next)
        if let buffer, branch.isAdded {
            // The bias comes after the residual, as it does without a buffer.
            product(
                branch.projection.matrix, panels, next: following, branch.source, tokens, into: buffer.outputs(),
                adding: false)
        } else {
            product(
                branch.projection, panels, next: following, branch.source, tokens, width: shape.hiddenSize,
                into: buffer?.outputs() ?? (branch.isAdded ? activations.residual : activations.branch),
                adding: branch.isAdded)
        }
    }

    /// Panels of gate and up, and the activation of their tokens.
    func gateAndUp(
        _ panels: Range<Int>, next: Int?, _ tokens: Range<Int>, _ weights: FeedForward, _ buffer: TileBuffer?
    ) {
        let width = weights.width
        let gate = buffer?.outputs() ?? activations.gate.floats
        let up = buffer?.outputs(ofMatrix: 1) ?? activations.up
        let own = outputs(of: panels, width: width)
        let normed = activations.normed
        if let projection = weights.gate {
            product(
                projection, panels, next: weights.up.matrix.panel(panels.lowerBound), normed, tokens, width: width,
                into: gate, adding: false)
            product(
                weights.up, panels, next: projection.matrix.panel(next), normed, tokens, width: width, into: up,
                adding: false)
        } else {
            product(
                weights.up, panels, next: weights.up.matrix.panel(next), normed, tokens, width: width, into: gate,
                adding: false)
        }
        for token in tokens {
            activate(
                gate[token] + own.lowerBound, weights.gate == nil ? nil : up[token] + own.lowerBound, own.count)
            if buffer == nil { activations.gate.convert(row: token, own) }
        }
    }

    /// gate = activation(gate) * up, or the activation alone.
    func activate(_ gate: UnsafeMutablePointer<Float>, _ up: UnsafeMutablePointer<Float>?, _ count: Int) {
        if let up, model.design.activation == FLOW_ACTIVATION_SILU {
            flow_swiglu(gate, up, count)
        } else {
            flow_activate(model.design.activation, gate, up, count)
        }
    }

    /// Panels of the logits of sampled tokens.
    func logits(
        _ matrix: flow_matrix, _ panels: Range<Int>, next: Int?, _ tokens: Range<Int>, _ buffer: TileBuffer?
    ) {
        let target = buffer?.outputs() ?? activations.logits
        product(matrix, panels, next: matrix.panel(next), activations.sampled, tokens, into: target, adding: false)
        let scaling = shape.scaling
        guard scaling.logits != 1 || scaling.logitsBound > 0 else { return }
        let own = outputs(of: panels, width: shape.vocabularySize)
        for token in tokens {
            if scaling.logits != 1 { flow_scale(target[token] + own.lowerBound, scaling.logits, own.count) }
            if scaling.logitsBound > 0 {
                flow_keep_bounded(target[token] + own.lowerBound, scaling.logitsBound, own.count)
            }
        }
    }

    /// The outputs of some panels of a matrix that has `width` rows.
    func outputs(of panels: Range<Int>, width: Int) -> Range<Int> {
        panels.lowerBound * KernelLayout.panelRows..<min(panels.upperBound * KernelLayout.panelRows, width)
    }

    /// target[token][panels' rows] = matrix * source[token] + bias, or added to it; the matrix has `width` rows.
    func product(
        _ projection: Projection, _ panels: Range<Int>, next: UnsafeRawPointer?, _ source: Operand,
        _ tokens: Range<Int>,
        width: Int, into target: ActivationRows, adding: Bool
    ) {
        product(projection.matrix, panels, next: next, source, tokens, into: target, adding: adding)
        guard let bias = projection.bias else { return }
        let own = outputs(of: panels, width: width)
        for token in tokens { flow_add(target[token] + own.lowerBound, bias + own.lowerBound, own.count) }
    }

    /// target[token][panels' rows] = matrix * source[token], or added to it. `next` is the panel that this rank
    /// probably comes to afterwards.
    func product(
        _ matrix: flow_matrix, _ panels: Range<Int>, next: UnsafeRawPointer? = nil, _ source: Operand,
        _ tokens: Range<Int>, into target: ActivationRows, adding: Bool
    ) {
        let first = tokens.lowerBound
        withUnsafePointer(to: matrix) {
            if matrix.isQuantised {
                flow_quantised_product(
                    $0, panels.lowerBound, panels.upperBound, next, source.blocks[first], source.blocks.stride,
                    tokens.count, target[first], target.stride, adding)
            } else if matrix.number == FLOW_NUMBER_BF16, source.brains.count > 0 {
                flow_brain_product(
                    $0, panels.lowerBound, panels.upperBound, source.brains[first], source.brains.stride, tokens.count,
                    target[first], target.stride, adding)
            } else {
                flow_matrix_product(
                    $0, panels.lowerBound, panels.upperBound, source.floats[first], source.floats.stride, tokens.count,
                    target[first], target.stride, adding)
            }
        }
    }
}
