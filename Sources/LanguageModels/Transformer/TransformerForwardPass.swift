// SPDX-License-Identifier: Apache-2.0
import Artefacts
internal import ServingModel

/// The forward pass of a transformer: the table of its operations over the state that they share.
final class TransformerForwardPass: ForwardPass {
    private let step: TransformerStep
    private let program: TransformerProgram
    private let operations: OperationTable
    private(set) var operationCount = 0

    init(
        model: TransformerModel, maxStepTokens: Int, keyValueMemory: UnsafeMutableRawPointer,
        keyValueType: KeyValueType? = nil
    ) throws(LanguageModelError) {
        step = try TransformerStep(
            model: model, maxStepTokens: maxStepTokens, keyValueMemory: keyValueMemory,
            keyValueType: keyValueType)
        program = TransformerProgram(model: model, activations: step.activations)
        operations = program.operations
    }

    var geometry: KVLayout { step.layout }

    var rankCount: Int {
        get { step.rankCount }
        set { step.rankCount = newValue }
    }

    func prepare(_ input: StepInput) {
        step.prepare(input)
        operationCount = program.operationCount(sampledCount: input.sampledCount, pooledCount: input.pooledCount)
    }

    func tileCount(ofOperation operation: Int) -> Int { operations.cut(operation, in: step) }

    func runTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        operations.run(tile, of: operation, in: step, rank: rank)
    }

    func allowsBackup(operation: Int) -> Bool { operations.usesBuffers(operation) }

    func deliverTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        operations.deliver(tile, of: operation, in: step, rank: rank)
    }

    func useKeyValueMemory(_ memory: UnsafeMutableRawPointer, _ geometry: KVLayout) {
        step.useKeyValueMemory(memory, geometry)
    }

    func releaseActivations() { step.activations.release() }

    func logits(ofSampled index: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: step.activations.logits[index], count: step.shape.vocabularySize)
    }

    func hiddenState(ofPooled index: Int) -> UnsafeBufferPointer<Float> {
        let input = step.input
        precondition(index >= 0 && index < input.pooledCount, "the last step has no such pooled token")
        return UnsafeBufferPointer(
            start: step.activations.sampled.floats[input.sampledCount + index], count: step.shape.hiddenSize)
    }

    var needsWholeTexts: Bool { step.model.design.seesWholeText }

    var hasLogits: Bool { step.model.output != nil }
}
