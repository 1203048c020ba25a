// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The embedding of each token, its first norm, and the cosines and sines of its position.
struct Embed: TokenOperation {
    let firstNorm: NormWeights?

    func tokenCount(in step: TransformerStep) -> Int { step.input.tokenCount }

    func compute(_ tokens: Range<Int>, in step: TransformerStep) {
        let input = step.input
        for token in tokens { embed(token, input, in: step) }
    }

    private func embed(_ token: Int, _ input: StepInput, in step: TransformerStep) {
        let hidden = step.shape.hiddenSize
        let residual = step.activations.residual[token]
        withUnsafePointer(to: step.model.embedding) { flow_matrix_row($0, Int(input.tokenIDs[token]), residual) }
        if step.shape.scaling.embedding != 1 { flow_scale(residual, step.shape.scaling.embedding, hidden) }
        if let positions = step.model.positionEmbedding {
            add(positions, Int(input.positions[token]), to: token, in: step)
        }
        // All text of a sequence is of the first kind.
        if let segments = step.model.segmentEmbedding { add(segments, 0, to: token, in: step) }
        step.model.embeddingNorm?.apply(residual, count: hidden, epsilon: step.shape.normEpsilon, to: residual)
        step.norm(token, by: firstNorm, to: step.activations.normed, at: token)
        step.rope.write(token, input, to: step.activations)
    }

    private func add(_ table: flow_matrix, _ index: Int, to token: Int, in step: TransformerStep) {
        let row = step.activations.branch[token]
        withUnsafePointer(to: table) { flow_matrix_row($0, index, row) }
        flow_add(step.activations.residual[token], row, step.shape.hiddenSize)
    }
}
