// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// The activations of a step; R = rows of the step, S = sampled rows, E = rows times the experts that treat each.
/// Arrays that a model does not need have rows of width 0.
final class TransformerActivations {
    let residual: ActivationRows  // [R][hidden]
    let normed: Operand  // [R][hidden]
    let queries: ActivationRows  // [R][heads * headSize]
    let keys: ActivationRows  // [R][keyValueHeads * headSize]
    let values: ActivationRows  // [R][keyValueHeads * headSize]
    let attended: Operand  // [R][heads * headSize]
    let branch: ActivationRows  // [R][hidden]; what is not added to the residual directly
    let gate: Operand  // [R][feedForward]
    let up: ActivationRows  // [R][feedForward]
    let rotations: ActivationRows  // [R][pairs][2]
    let windowRotations: ActivationRows  // [R][pairs][2]
    let sampled: Operand  // [S][hidden]
    let logits: ActivationRows  // [S][vocabulary]
    let routes: ActivationRows  // [R][experts]
    let gathered: Operand  // [E][hidden]
    let expertGate: Operand  // [E][expertFeedForward]
    let expertUp: ActivationRows  // [E][expertFeedForward]
    let expertOutput: ActivationRows  // [E][hidden]
    private let memory: ActivationMemory

    init(model: TransformerModel, maximumRows: Int) throws(LanguageModelError) {
        let shape = model.configuration
        let hidden = shape.hiddenSize
        let heads = shape.headCount * shape.headSize
        let narrow = shape.keyValueHeadCount * shape.headSize
        let wide = model.layers.reduce(0) { max($0, $1.feedForward?.width ?? 0) }
        let experts = model.layers.contains { $0.experts != nil } ? shape.experts : ExpertShape()
        let branch = model.needsBranch ? hidden : 0
        let treated = maximumRows * experts.usedCount
        let treatedWidth = experts.count > 0 ? hidden : 0
        func rows(_ width: Int) -> ActivationShape { ActivationShape(rows: maximumRows, width: width) }
        func treatedRows(_ width: Int) -> ActivationShape { ActivationShape(rows: treated, width: width) }
        let shapes =
            [
                hidden, hidden, heads, narrow, narrow, heads, branch, wide, wide, shape.ropeDimensions,
                model.hasWindowRotation ? shape.ropeDimensions : 0, hidden,
                model.output == nil ? 0 : shape.vocabularySize, experts.count,
            ].map(rows)
            + [treatedWidth, experts.feedForwardSize, experts.feedForwardSize, treatedWidth].map(treatedRows)
        let blockShapes = [
            rows(model.quantisesNormed ? hidden : 0), rows(model.quantisesAttended ? heads : 0),
            rows(model.quantisesGate ? wide : 0), rows(model.output?.isQuantised ?? false ? hidden : 0),
            treatedRows(model.quantisesGathered ? hidden : 0),
            treatedRows(model.quantisesExpertGate ? experts.feedForwardSize : 0),
        ]
        let memory = try ActivationMemory(arrays: shapes, blocks: blockShapes)
        self.memory = memory
        let arrays = shapes.map(memory.take)
        let blocks = blockShapes.map(memory.takeQuantised)
        residual = arrays[0]
        normed = Operand(floats: arrays[1], blocks: blocks[0])
        queries = arrays[2]
        keys = arrays[3]
        values = arrays[4]
        attended = Operand(floats: arrays[5], blocks: blocks[1])
        self.branch = arrays[6]
        gate = Operand(floats: arrays[7], blocks: blocks[2])
        up = arrays[8]
        rotations = arrays[9]
        windowRotations = arrays[10]
        sampled = Operand(floats: arrays[11], blocks: blocks[3])
        logits = arrays[12]
        routes = arrays[13]
        gathered = Operand(floats: arrays[14], blocks: blocks[4])
        expertGate = Operand(floats: arrays[15], blocks: blocks[5])
        expertUp = arrays[16]
        expertOutput = arrays[17]
    }

    /// Gives all pages back to the kernel.
    func release() { memory.release() }
}
