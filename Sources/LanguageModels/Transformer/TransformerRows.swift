// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Operations that treat rows one by one: the embedding, and what lies between a branch and the next one.
extension TransformerForwardPass {
    /// The embedding of a row, its first norm, and the cosines and sines of its position.
    func embed(_ row: Int, _ input: StepInput) {
        let hidden = shape.hiddenSize
        let residual = activations.residual[row]
        withUnsafePointer(to: model.embedding) { flow_matrix_row($0, Int(input.tokens[row]), residual) }
        if shape.scaling.embedding != 1 { flow_scale(residual, shape.scaling.embedding, hidden) }
        if let positions = model.positionEmbedding { add(positions, Int(input.positions[row]), to: row) }
        // All text of a sequence is of the first kind.
        if let segments = model.segmentEmbedding { add(segments, 0, to: row) }
        model.embeddingNorm?.apply(residual, count: hidden, epsilon: shape.normEpsilon, to: residual)
        norm(row, by: model.layers[0].attentionNorm, to: activations.normed, at: row)
        rotations.write(row, input, to: activations)
    }

    private func add(_ table: flow_matrix, _ index: Int, to row: Int) {
        withUnsafePointer(to: table) { flow_matrix_row($0, index, activations.branch[row]) }
        flow_add(activations.residual[row], activations.branch[row], shape.hiddenSize)
    }

    /// Adds what attention gave back to the residual, and norms it for the feed-forward layer.
    func joinAttention(_ row: Int, _ layer: TransformerLayer) {
        join(row, postNorm: layer.attentionPostNorm, isInResidual: model.addsBranchesDirectly)
        norm(row, by: layer.feedForwardNorm, to: activations.normed, at: row)
    }

    /// The same behind the feed-forward layer, for the next layer's attention.
    func joinFeedForward(_ row: Int, layer index: Int) {
        joinFeedForward(row, model.layers[index])
        norm(row, by: model.layers[index + 1].attentionNorm, to: activations.normed, at: row)
    }

    /// The same for a sampled or pooled row behind the last layer, which moves to its place among the outputs.
    func joinOutput(_ index: Int, _ input: StepInput) {
        let row = input.row(ofOutput: index)
        joinFeedForward(row, model.layers[shape.layerCount - 1])
        norm(row, by: model.outputNorm, to: activations.sampled, at: index)
    }

    private func joinFeedForward(_ row: Int, _ layer: TransformerLayer) {
        if let experts = layer.experts { combine(row, experts, layer.feedForward) }
        join(
            row, postNorm: layer.feedForwardPostNorm,
            isInResidual: model.addsBranchesDirectly && layer.experts == nil)
    }

    /// residual = residual + branch, with the norm where the design has it.
    private func join(_ row: Int, postNorm: NormWeights?, isInResidual: Bool) {
        let hidden = shape.hiddenSize
        let residual = activations.residual[row]
        let branch = activations.branch[row]
        let isOfSum = model.design.norms == .afterSum
        if !isInResidual {
            if !isOfSum { postNorm?.apply(branch, count: hidden, epsilon: shape.normEpsilon, to: branch) }
            if shape.scaling.residual == 1 {
                flow_add(residual, branch, hidden)
            } else {
                flow_add_scaled(residual, branch, shape.scaling.residual, hidden)
            }
        }
        if isOfSum { postNorm?.apply(residual, count: hidden, epsilon: shape.normEpsilon, to: residual) }
    }

    /// A row's residual, normed if there is a norm, as an operand of the next matrices.
    private func norm(_ row: Int, by norm: NormWeights?, to target: Operand, at index: Int) {
        let hidden = shape.hiddenSize
        if let norm {
            norm.apply(
                activations.residual[row], count: hidden, epsilon: shape.normEpsilon, to: target.floats[index])
        } else {
            target.floats[index].update(from: activations.residual[row], count: hidden)
        }
        target.convert(row: index, 0..<hidden)
    }
}
