// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

extension Operand {
    /// target[token][rows of the panels] = matrix * self[token], or added to what is there. `next` is the panel that this
    /// rank probably multiplies with afterwards.
    func multiply(
        _ matrix: flow_matrix, _ panels: Range<Int>, next: UnsafeRawPointer? = nil, _ tokens: Range<Int>,
        into target: ActivationRows, adding: Bool
    ) {
        let first = tokens.lowerBound
        withUnsafePointer(to: matrix) {
            if matrix.isQuantised {
                flow_quantised_product(
                    $0, panels.lowerBound, panels.upperBound, next, blocks[first], blocks.stride, tokens.count,
                    target[first], target.stride, adding)
            } else if matrix.number == FLOW_NUMBER_BF16, brains.count > 0 {
                flow_brain_product(
                    $0, panels.lowerBound, panels.upperBound, brains[first], brains.stride, tokens.count,
                    target[first], target.stride, adding)
            } else {
                flow_matrix_product(
                    $0, panels.lowerBound, panels.upperBound, floats[first], floats.stride, tokens.count,
                    target[first], target.stride, adding)
            }
        }
    }

    /// target[token][rows of the panels] = matrix * self[token] + bias, or added to what is there.
    func multiply(
        _ projection: Projection, _ panels: Range<Int>, next: UnsafeRawPointer?, _ tokens: Range<Int>,
        into target: ActivationRows, adding: Bool
    ) {
        multiply(projection.matrix, panels, next: next, tokens, into: target, adding: adding)
        guard let bias = projection.bias else { return }
        let own = projection.outputs(of: panels)
        for token in tokens { flow_add(target[token] + own.lowerBound, bias + own.lowerBound, own.count) }
    }
}

extension Projection {
    /// Panels of the matrix.
    var panelCount: Int { KernelLayout.panelCount(ofRows: rows) }

    /// The outputs of some panels.
    func outputs(of panels: Range<Int>) -> Range<Int> { KernelLayout.rows(ofPanels: panels, of: rows) }
}

extension KernelLayout {
    /// Panels of a matrix with so many rows.
    static func panelCount(ofRows rows: Int) -> Int { (rows + panelRows - 1) / panelRows }

    /// The rows of some panels of a matrix with `count` rows.
    static func rows(ofPanels panels: Range<Int>, of count: Int) -> Range<Int> {
        panels.lowerBound * panelRows..<min(panels.upperBound * panelRows, count)
    }
}

extension TileBuffer {
    /// Copies outputs of the buffer's tokens to their place.
    func copy(_ outputs: Range<Int>, from source: ActivationRows, to target: ActivationRows) {
        for token in rows {
            (target[token] + outputs.lowerBound).update(from: source[token] + outputs.lowerBound, count: outputs.count)
        }
    }
}
