// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Operations that treat tokens one by one: the embedding, and what lies between a branch and the next one.
extension TransformerForwardPass {
    /// The embedding of a token, its first norm, and the cosines and sines of its position.
    func embed(_ token: Int, _ input: StepInput) {
        let hidden = shape.hiddenSize
        let residual = activations.residual[token]
        withUnsafePointer(to: model.embedding) { flow_matrix_row($0, Int(input.tokenIDs[token]), residual) }
        if shape.scaling.embedding != 1 { flow_scale(residual, shape.scaling.embedding, hidden) }
        if let positions = model.positionEmbedding { add(positions, Int(input.positions[token]), to: token) }
        // All text of a sequence is of the first kind.
        if let segments = model.segmentEmbedding { add(segments, 0, to: token) }
        model.embeddingNorm?.apply(residual, count: hidden, epsilon: shape.normEpsilon, to: residual)
        norm(token, by: model.layers[0].attentionNorm, to: activations.normed, at: token)
        rope.write(token, input, to: activations)
    }

    private func add(_ table: flow_matrix, _ index: Int, to token: Int) {
        withUnsafePointer(to: table) { flow_matrix_row($0, index, activations.branch[token]) }
        flow_add(activations.residual[token], activations.branch[token], shape.hiddenSize)
    }

    /// Adds what attention gave back to the residual, and norms it for the feed-forward layer.
    func joinAttention(_ token: Int, _ layer: TransformerLayer) {
        join(token, postNorm: layer.attentionPostNorm, isInResidual: model.addsBranchesDirectly)
        norm(token, by: layer.feedForwardNorm, to: activations.normed, at: token)
    }

    /// The same behind the feed-forward layer, for the next layer's attention.
    func joinFeedForward(_ token: Int, layer index: Int) {
        joinFeedForward(token, model.layers[index])
        norm(token, by: model.layers[index + 1].attentionNorm, to: activations.normed, at: token)
    }

    /// The same for a sampled or pooled token behind the last layer, which moves to its place among the outputs.
    func joinOutput(_ index: Int, _ input: StepInput) {
        let token = input.token(ofOutput: index)
        joinFeedForward(token, model.layers[shape.layerCount - 1])
        norm(token, by: model.outputNorm, to: activations.sampled, at: index)
    }

    private func joinFeedForward(_ token: Int, _ layer: TransformerLayer) {
        if let experts = layer.experts { combine(token, experts, layer.feedForward) }
        join(
            token, postNorm: layer.feedForwardPostNorm,
            isInResidual: model.addsBranchesDirectly && layer.experts == nil)
    }

    /// residual = residual + branch, with the norm where the design has it.
    private func join(_ token: Int, postNorm: NormWeights?, isInResidual: Bool) {
        let hidden = shape.hiddenSize
        let residual = activations.residual[token]
        let branch = activations.branch[token]
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

    /// A token's residual, normed if there is a norm, as an operand of the next matrices.
    private func norm(_ token: Int, by norm: NormWeights?, to target: Operand, at index: Int) {
        let hidden = shape.hiddenSize
        if let norm {
            norm.apply(
                activations.residual[token], count: hidden, epsilon: shape.normEpsilon, to: target.floats[index])
        } else {
            target.floats[index].update(from: activations.residual[token], count: hidden)
        }
        target.convert(row: index, 0..<hidden)
    }
}
