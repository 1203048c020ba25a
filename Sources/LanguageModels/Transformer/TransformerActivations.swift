// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// The activations of a step; R = tokens of the step, S = sampled tokens, E = tokens times the experts that treat each.
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
    let ropeAngles: ActivationRows  // [R][pairs][2]
    let windowRopeAngles: ActivationRows  // [R][pairs][2]
    let sampled: Operand  // [S][hidden]
    let logits: ActivationRows  // [S][vocabulary]
    let routes: ActivationRows  // [R][experts]
    let gathered: Operand  // [E][hidden]
    let expertGate: Operand  // [E][expertFeedForward]
    let expertUp: ActivationRows  // [E][expertFeedForward]
    let expertOutput: ActivationRows  // [E][hidden]
    private let memory: ActivationMemory

    /// Memory for steps of so many tokens. Where nothing may be rounded to BF16, matrices of that are multiplied with
    /// floats.
    init(model: TransformerModel, maxStepTokens: Int, roundsToBrain: Bool) throws(LanguageModelError) {
        let shape = model.configuration
        let hidden = shape.hiddenSize
        let heads = shape.headCount * shape.headSize
        let narrow = shape.keyValueHeadCount * shape.headSize
        let wide = model.layers.reduce(0) { max($0, $1.feedForward?.width ?? 0) }
        let experts = model.layers.contains { $0.experts != nil } ? shape.experts : ExpertShape()
        let branch = model.needsBranch ? hidden : 0
        let treated = maxStepTokens * experts.usedCount
        let treatedWidth = experts.count > 0 ? hidden : 0
        func rows(_ width: Int) -> ActivationShape { ActivationShape(rows: maxStepTokens, width: width) }
        func treatedRows(_ width: Int) -> ActivationShape { ActivationShape(rows: treated, width: width) }
        let arrays = [
            rows(hidden), rows(heads), rows(narrow), rows(narrow), rows(branch), rows(wide), rows(shape.ropeDimensions),
            rows(model.hasWindowRoPE ? shape.ropeDimensions : 0),
            rows(model.output == nil ? 0 : shape.vocabularySize), rows(experts.count),
            treatedRows(experts.feedForwardSize), treatedRows(treatedWidth),
        ]
        let allowed: Operand.Forms = roundsToBrain ? [.blocks, .brains] : .blocks
        let operands = [
            (rows(hidden), model.normedForms), (rows(heads), model.attendedForms), (rows(wide), model.gateForms),
            (rows(hidden), model.sampledForms), (treatedRows(treatedWidth), model.gatheredForms),
            (treatedRows(experts.feedForwardSize), model.expertGateForms),
        ].map { OperandShape($0, $1.intersection(allowed)) }
        let memory = try ActivationMemory(arrays: arrays, operands: operands)
        self.memory = memory
        let taken = arrays.map { memory.take($0) }
        residual = taken[0]
        queries = taken[1]
        keys = taken[2]
        values = taken[3]
        self.branch = taken[4]
        up = taken[5]
        ropeAngles = taken[6]
        windowRopeAngles = taken[7]
        logits = taken[8]
        routes = taken[9]
        expertUp = taken[10]
        expertOutput = taken[11]
        let takenOperands = operands.map { memory.take($0) }
        normed = takenOperands[0]
        attended = takenOperands[1]
        gate = takenOperands[2]
        sampled = takenOperands[3]
        gathered = takenOperands[4]
        expertGate = takenOperands[5]
    }

    /// Gives all pages back to the kernel.
    func release() { memory.release() }
}
