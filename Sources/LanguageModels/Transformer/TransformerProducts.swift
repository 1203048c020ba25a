// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Products with matrices, and what is done to their panels at once.
extension TransformerForwardPass {
    /// A branch's last product: onto the residual, or to a place of its own where more is done with it.
    func output(_ branch: BranchOutput, _ panels: Range<Int>, next: Int?, _ rows: Range<Int>, _ draft: PieceDraft?) {
        let following = branch.projection.matrix.panel(next)
        if let draft, branch.isAdded {
            // The bias comes after the residual, as it does without a draft.
            product(
                branch.projection.matrix, panels, next: following, branch.source, rows, into: draft.outputs(),
                adding: false)
        } else {
            product(
                branch.projection, panels, next: following, branch.source, rows, width: shape.hiddenSize,
                into: draft?.outputs() ?? (branch.isAdded ? activations.residual : activations.branch),
                adding: branch.isAdded)
        }
    }

    /// Panels of gate and up, and the activation of their rows.
    func gateAndUp(
        _ panels: Range<Int>, next: Int?, _ rows: Range<Int>, _ weights: FeedForward, _ draft: PieceDraft?
    ) {
        let width = weights.width
        let gate = draft?.outputs() ?? activations.gate.floats
        let up = draft?.outputs(ofMatrix: 1) ?? activations.up
        let own = outputs(of: panels, width: width)
        let normed = activations.normed
        if let projection = weights.gate {
            product(
                projection, panels, next: weights.up.matrix.panel(panels.lowerBound), normed, rows, width: width,
                into: gate, adding: false)
            product(
                weights.up, panels, next: projection.matrix.panel(next), normed, rows, width: width, into: up,
                adding: false)
        } else {
            product(
                weights.up, panels, next: weights.up.matrix.panel(next), normed, rows, width: width, into: gate,
                adding: false)
        }
        for row in rows {
            activate(
                gate[row] + own.lowerBound, weights.gate == nil ? nil : up[row] + own.lowerBound, own.count)
            if draft == nil { activations.gate.convert(row: row, own) }
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

    /// Panels of the logits of sampled rows.
    func logits(
        _ matrix: flow_matrix, _ panels: Range<Int>, next: Int?, _ rows: Range<Int>, _ draft: PieceDraft?
    ) {
        let target = draft?.outputs() ?? activations.logits
        product(matrix, panels, next: matrix.panel(next), activations.sampled, rows, into: target, adding: false)
        let scaling = shape.scaling
        guard scaling.logits != 1 || scaling.logitsBound > 0 else { return }
        let own = outputs(of: panels, width: shape.vocabularySize)
        for row in rows {
            if scaling.logits != 1 { flow_scale(target[row] + own.lowerBound, scaling.logits, own.count) }
            if scaling.logitsBound > 0 {
                flow_keep_bounded(target[row] + own.lowerBound, scaling.logitsBound, own.count)
            }
        }
    }

    /// The outputs of some panels of a matrix that has `width` rows.
    func outputs(of panels: Range<Int>, width: Int) -> Range<Int> {
        panels.lowerBound * KernelLayout.panelRows..<min(panels.upperBound * KernelLayout.panelRows, width)
    }

    /// target[row][panels' rows] = matrix * source[row] + bias, or added to it; the matrix has `width` rows.
    func product(
        _ projection: Projection, _ panels: Range<Int>, next: UnsafeRawPointer?, _ source: Operand, _ rows: Range<Int>,
        width: Int, into target: ActivationRows, adding: Bool
    ) {
        product(projection.matrix, panels, next: next, source, rows, into: target, adding: adding)
        guard let bias = projection.bias else { return }
        let own = outputs(of: panels, width: width)
        for row in rows { flow_add(target[row] + own.lowerBound, bias + own.lowerBound, own.count) }
    }

    /// target[row][panels' rows] = matrix * source[row], or added to it. `next` is the panel that this rank probably comes
    /// to afterwards.
    func product(
        _ matrix: flow_matrix, _ panels: Range<Int>, next: UnsafeRawPointer? = nil, _ source: Operand,
        _ rows: Range<Int>, into target: ActivationRows, adding: Bool
    ) {
        let first = rows.lowerBound
        withUnsafePointer(to: matrix) {
            if matrix.isQuantised {
                flow_quantised_product(
                    $0, panels.lowerBound, panels.upperBound, next, source.blocks[first], source.blocks.stride,
                    rows.count, target[first], target.stride, adding)
            } else if matrix.number == FLOW_NUMBER_BF16, source.brains.count > 0 {
                flow_brain_product(
                    $0, panels.lowerBound, panels.upperBound, source.brains[first], source.brains.stride, rows.count,
                    target[first], target.stride, adding)
            } else {
                flow_matrix_product(
                    $0, panels.lowerBound, panels.upperBound, source.floats[first], source.floats.stride, rows.count,
                    target[first], target.stride, adding)
            }
        }
    }
}
