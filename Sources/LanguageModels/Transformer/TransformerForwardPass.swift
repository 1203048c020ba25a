// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// A step of a transformer: its state between operations. `TransformerProgram` says what the operations are,
/// `TransformerTiles` how they are cut, and the other extensions what they compute.
final class TransformerForwardPass: ForwardPass {
    /// Tokens of one tile where tokens are treated one by one.
    static let tokensPerTile = 8
    /// Most tiles of attention: beyond that a tile takes several groups of tokens.
    static let maxAttentionTiles = 16_384

    private(set) var geometry: KVLayout
    var rankCount = 1 {
        didSet { backupBuffers = rankCount > 1 ? BackupBuffers(rankCount: rankCount) : nil }
    }
    /// nil for one rank: nobody waits for it.
    private(set) var backupBuffers: BackupBuffers?
    private(set) var keyValueMemory: UnsafeMutableRawPointer

    let model: TransformerModel
    let shape: ModelConfiguration
    let program: TransformerProgram
    let activations: TransformerActivations
    let rope: LayerRoPE
    let routing: ExpertRouting?
    let attentionScale: Float
    let tokensPerGroup: Int
    let queriesPerCall: Int
    /// Heads of keys and values of one tile of attention: one where its outputs are whole blocks, else all.
    let keyValueHeadsPerTile: Int

    private(set) var input: StepInput?
    private(set) var operationCount = 0
    private var groups: UnsafeMutableBufferPointer<TokenGroup>
    private(set) var groupCount = 0
    private(set) var groupsPerTile = 1
    /// The cut of each operation of this step that multiplies with matrices; set when its tiles are counted.
    private let cuts: UnsafeMutablePointer<TileCut>  // [operations]
    /// Positions of its sequence that each token sees without a window.
    private let visibleCounts: UnsafeMutablePointer<Int>  // [tokens]

    /// Neighbouring tokens of one sequence whose attention is computed in one call.
    struct TokenGroup {
        var first: Int32
        var count: Int32
    }

    init(
        model: TransformerModel, maxStepTokens: Int, keyValueMemory: UnsafeMutableRawPointer,
        keyValuePrecision: KVPrecision? = nil
    ) throws(LanguageModelError) {
        self.model = model
        self.keyValueMemory = keyValueMemory
        shape = model.configuration
        program = TransformerProgram(model: model)
        geometry = KVLayout(configuration: shape, precision: keyValuePrecision)
        activations = try TransformerActivations(
            model: model, maxStepTokens: maxStepTokens,
            roundsToBrain: keyValuePrecision != .single && shape.keyValuePrecision != .single)
        rope = LayerRoPE(model: model)
        routing =
            model.layers.contains { $0.experts != nil }
            ? ExpertRouting(shape: shape.experts, maxStepTokens: maxStepTokens) : nil
        attentionScale = shape.scaling.attention > 0 ? shape.scaling.attention : 1 / Float(shape.headSize).squareRoot()
        let headsPerGroup = shape.headCount / shape.keyValueHeadCount
        let isWhole = headsPerGroup * shape.headSize % Int(FLOW_BLOCK_NUMBERS) == 0
        keyValueHeadsPerTile = isWhole || !model.attendedForms.contains(.blocks) ? 1 : shape.keyValueHeadCount
        queriesPerCall = Int(FLOW_ATTEND_QUERIES)
        tokensPerGroup = max(1, queriesPerCall / headsPerGroup)
        cuts = .allocate(capacity: program.steps.count)
        groups = .allocate(capacity: maxStepTokens)
        visibleCounts = .allocate(capacity: maxStepTokens)
    }

    deinit {
        cuts.deallocate()
        groups.deallocate()
        visibleCounts.deallocate()
    }

    func prepare(_ input: StepInput) {
        self.input = input
        precondition(input.sampledCount == 0 || hasLogits, "an encoder has no logits to sample from")
        operationCount = program.operationCount(sampledCount: input.sampledCount, pooledCount: input.pooledCount)
        groupCount = 0
        for token in 0..<input.tokenCount {
            visibleCounts[token] = Int(input.positions[token]) + 1
            if groupCount > 0, Int(groups[groupCount - 1].count) < tokensPerGroup,
                input.sequences[token] == input.sequences[token - 1]
            {
                groups[groupCount - 1].count += 1
            } else {
                groups[groupCount] = TokenGroup(first: Int32(token), count: 1)
                groupCount += 1
            }
        }
        groupsPerTile = groupCount * shape.keyValueHeadCount / Self.maxAttentionTiles + 1
        if model.design.seesWholeText { lookAhead(input) }
    }

    /// Lets every token see as much as the last token of its sequence.
    private func lookAhead(_ input: StepInput) {
        for token in (0..<input.tokenCount - 1).reversed() where input.sequences[token] == input.sequences[token + 1] {
            visibleCounts[token] = visibleCounts[token + 1]
        }
    }

    func useKeyValueMemory(_ memory: UnsafeMutableRawPointer, _ geometry: KVLayout) {
        keyValueMemory = memory
        self.geometry = geometry
    }

    func releaseActivations() { activations.release() }

    func logits(ofSampled index: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: activations.logits[index], count: shape.vocabularySize)
    }

    func hiddenState(ofPooled index: Int) -> UnsafeBufferPointer<Float> {
        guard let input else { preconditionFailure("a step is run before its outputs are read") }
        precondition(index >= 0 && index < input.pooledCount, "the last step has no such pooled token")
        return UnsafeBufferPointer(
            start: activations.sampled.floats[input.sampledCount + index], count: shape.hiddenSize)
    }

    var needsWholeTexts: Bool { model.design.seesWholeText }

    var hasLogits: Bool { model.output != nil }

    /// The cut of an operation whose tiles were counted in this step.
    func cut(ofOperation index: Int) -> TileCut { cuts[index] }

    /// Keeps the cut of an operation, before its first tile is taken.
    func keep(_ cut: TileCut, ofOperation index: Int) { (cuts + index).initialize(to: cut) }

    /// A group of tokens by its number.
    func group(_ index: Int) -> TokenGroup { groups[index] }

    /// Positions of its sequence that a token sees without a window.
    func visibleCount(ofToken token: Int) -> Int { visibleCounts[token] }
}
