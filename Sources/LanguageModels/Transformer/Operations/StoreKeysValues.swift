// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Norms and rotates the queries and keys of each token, and writes its keys and values to the memory of its sequence.
struct StoreKeysValues: TokenOperation {
    let layer: TransformerLayer
    let index: Int

    func tokenCount(in step: TransformerStep) -> Int { step.input.tokenCount }

    func compute(_ tokens: Range<Int>, in step: TransformerStep) {
        let input = step.input
        for token in tokens { store(token, position: Int(input.positions[token]), in: step) }
    }

    private func store(_ token: Int, position: Int, in step: TransformerStep) {
        let attention = step.attention
        let size = attention.headSize
        let angles = step.rope.angles(ofToken: token, layer.rope, in: step.activations)
        let keys = step.activations.keys[token]
        let values = step.activations.values[token]
        normAndRotate(
            step.activations.queries[token], heads: step.shape.headCount, norm: layer.queryNorm, angles, in: step)
        normAndRotate(keys, heads: attention.keyValueHeadCount, norm: layer.keyNorm, angles, in: step)
        for head in 0..<attention.keyValueHeadCount {
            var memory = step.keysAndValues(ofToken: token, head: head, layer: index, window: layer.window)
            flow_store(&memory, position, keys + head * size, values + head * size)
        }
    }

    /// Norms the heads of a token's queries or keys where the family does so, and rotates them.
    private func normAndRotate(
        _ vectors: UnsafeMutablePointer<Float>, heads: Int, norm: UnsafePointer<Float>?,
        _ angles: UnsafeMutablePointer<Float>?, in step: TransformerStep
    ) {
        let size = step.attention.headSize
        let epsilon = step.shape.normEpsilon
        let design = step.model.design
        let pairs = step.shape.ropeDimensions / 2
        if let norm, design.headNorms == .together { flow_norm(vectors, norm, heads * size, epsilon, vectors) }
        for head in 0..<heads {
            let vector = vectors + head * size
            if let norm, design.headNorms == .each { flow_norm(vector, norm, size, epsilon, vector) }
            guard let angles else { continue }
            if design.rotatesHalves {
                flow_rope_halves(vector, angles, pairs)
            } else {
                flow_rope_adjacent(vector, angles, pairs)
            }
        }
    }
}
