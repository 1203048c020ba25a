// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels
internal import ServingModel

/// What the operations of a step share: the model, its activations, the memory of keys and values, and the tokens that
/// the step computes. Written between steps, by one thread; read by all ranks while they run.
final class TransformerStep {
    let model: TransformerModel
    let shape: ModelConfiguration
    let activations: TransformerActivations
    let rope: LayerRoPE
    let attention: AttentionShape
    /// nil for a model without experts.
    let routing: ExpertRouting?
    let groups: TokenGroups

    private(set) var layout: KVLayout
    private(set) var keyValueMemory: UnsafeMutableRawPointer
    /// Ranks that tiles are cut for.
    var rankCount = 1 {
        didSet { backupBuffers = rankCount > 1 ? BackupBuffers(rankCount: rankCount) : nil }
    }
    /// nil for one rank, for which no other waits.
    private(set) var backupBuffers: BackupBuffers?
    private var prepared: StepInput?

    init(
        model: TransformerModel, maxStepTokens: Int, keyValueMemory: UnsafeMutableRawPointer,
        keyValueType: KeyValueType?
    ) throws(LanguageModelError) {
        let shape = model.configuration
        self.model = model
        self.shape = shape
        self.keyValueMemory = keyValueMemory
        layout = KVLayout(configuration: shape, type: keyValueType)
        activations = try TransformerActivations(
            model: model, maxStepTokens: maxStepTokens,
            roundsToBrain: keyValueType != .single && shape.keyValueType != .single)
        rope = LayerRoPE(model: model)
        attention = AttentionShape(of: model)
        routing =
            model.layers.contains { $0.experts != nil }
            ? ExpertRouting(shape: shape.experts, maxStepTokens: maxStepTokens) : nil
        groups = TokenGroups(maxStepTokens: maxStepTokens, tokensPerGroup: attention.tokensPerGroup)
    }

    /// Sets the tokens of the next step.
    func prepare(_ input: StepInput) {
        precondition(input.sampledCount == 0 || model.output != nil, "an encoder has no logits to sample from")
        prepared = input
        groups.prepare(input, seesWholeText: model.design.seesWholeText)
    }

    /// Takes other memory for keys and values. Between steps only.
    func useKeyValueMemory(_ memory: UnsafeMutableRawPointer, _ layout: KVLayout) {
        keyValueMemory = memory
        self.layout = layout
    }

    /// The tokens of the present step.
    var input: StepInput {
        guard let prepared else { preconditionFailure("a step is prepared before it runs") }
        return prepared
    }

    /// The keys and values of a token's sequence, for one head of one layer.
    func keysAndValues(ofToken token: Int, head: Int, layer: Int, window: Int) -> flow_attention {
        flow_attention(
            memory: keyValueMemory.assumingMemoryBound(to: UInt8.self),
            block_bytes: layout.bytesPerBlock,
            head_offset: layer * layout.bytesPerLayer + head * layout.bytesPerHead,
            blocks: input.blockTables[Int(input.sequences[token])],
            head_size: shape.headSize,
            scale: attention.scale,
            bound: shape.scaling.attentionBound,
            window: window,
            number: layout.type.kernelNumber)
    }
}

extension KeyValueType {
    fileprivate var kernelNumber: flow_number {
        switch self {
        case .half: FLOW_NUMBER_F16
        case .single: FLOW_NUMBER_F32
        case .bytes: FLOW_NUMBER_INT8
        }
    }
}
