// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// The activations of a Llama step; R = rows of the step, S = sampled rows.
final class LlamaActivations {
    let residual: ActivationRows  // [R][hidden]
    let normed: ActivationRows  // [R][hidden]
    let queries: ActivationRows  // [R][heads * headSize]
    let keys: ActivationRows  // [R][keyValueHeads * headSize]
    let values: ActivationRows  // [R][keyValueHeads * headSize]
    let attended: ActivationRows  // [R][heads * headSize]
    let gate: ActivationRows  // [R][feedForward]
    let up: ActivationRows  // [R][feedForward]
    let rotations: ActivationRows  // [R][pairs][2]
    let sampled: ActivationRows  // [S][hidden]
    let logits: ActivationRows  // [S][vocabulary]
    private let memory: ActivationMemory

    init(shape: ModelConfiguration, maximumRows: Int) throws(LanguageModelError) {
        let hidden = shape.hiddenSize
        let heads = shape.headCount * shape.headSize
        let narrow = shape.keyValueHeadCount * shape.headSize
        let wide = shape.feedForwardSize
        let widths = [
            hidden, hidden, heads, narrow, narrow, heads, wide, wide, shape.ropeDimensions, hidden,
            shape.vocabularySize,
        ]
        memory = try ActivationMemory(rows: maximumRows, widths: widths)
        let arrays = widths.map { [memory] in memory.take(rows: maximumRows, width: $0) }
        residual = arrays[0]
        normed = arrays[1]
        queries = arrays[2]
        keys = arrays[3]
        values = arrays[4]
        attended = arrays[5]
        gate = arrays[6]
        up = arrays[7]
        rotations = arrays[8]
        sampled = arrays[9]
        logits = arrays[10]
    }

    /// Gives all pages back to the kernel.
    func release() { memory.release() }
}
