// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// The activations of a step; R = rows of the step, S = sampled rows.
final class TransformerActivations {
    let residual: ActivationRows  // [R][hidden]
    let normed: Operand  // [R][hidden]
    let queries: ActivationRows  // [R][heads * headSize]
    let keys: ActivationRows  // [R][keyValueHeads * headSize]
    let values: ActivationRows  // [R][keyValueHeads * headSize]
    let attended: Operand  // [R][heads * headSize]
    let gate: Operand  // [R][feedForward]
    let up: ActivationRows  // [R][feedForward]
    let rotations: ActivationRows  // [R][pairs][2]
    let sampled: Operand  // [S][hidden]
    let logits: ActivationRows  // [S][vocabulary]
    private let memory: ActivationMemory

    init(model: TransformerModel, maximumRows: Int) throws(LanguageModelError) {
        let shape = model.configuration
        let hidden = shape.hiddenSize
        let heads = shape.headCount * shape.headSize
        let narrow = shape.keyValueHeadCount * shape.headSize
        let wide = shape.feedForwardSize
        let widths = [
            hidden, hidden, heads, narrow, narrow, heads, wide, wide, shape.ropeDimensions, hidden,
            shape.vocabularySize,
        ]
        let quantised = [
            model.quantisesNormed ? hidden : 0, model.quantisesAttended ? heads : 0, model.quantisesGate ? wide : 0,
            model.output.isQuantised ? hidden : 0,
        ]
        memory = try ActivationMemory(rows: maximumRows, widths: widths, quantisedWidths: quantised)
        let arrays = widths.map { [memory] in memory.take(rows: maximumRows, width: $0) }
        let blocks = quantised.map { [memory] in memory.takeQuantised(rows: maximumRows, width: $0) }
        residual = arrays[0]
        normed = Operand(floats: arrays[1], blocks: blocks[0])
        queries = arrays[2]
        keys = arrays[3]
        values = arrays[4]
        attended = Operand(floats: arrays[5], blocks: blocks[1])
        gate = Operand(floats: arrays[6], blocks: blocks[2])
        up = arrays[7]
        rotations = arrays[8]
        sampled = Operand(floats: arrays[9], blocks: blocks[3])
        logits = arrays[10]
    }

    /// Gives all pages back to the kernel.
    func release() { memory.release() }
}
