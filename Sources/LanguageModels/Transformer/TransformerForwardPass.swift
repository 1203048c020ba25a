// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// A step of a transformer: its state between operations. `TransformerProgram` says what the operations are,
/// `TransformerPieces` how they are cut, and the other extensions what they compute.
final class TransformerForwardPass: ForwardPass {
    /// Rows of one piece where rows are treated one by one.
    static let rowsPerPiece = 8
    /// Most pieces of attention: beyond that a piece takes several groups of rows.
    static let maxAttentionPieces = 16_384

    private(set) var geometry: KVLayout
    var rankCount = 1 {
        didSet { drafts = rankCount > 1 ? PieceDrafts(rankCount: rankCount) : nil }
    }
    /// nil for one rank: nobody waits for it.
    private(set) var drafts: PieceDrafts?
    private(set) var keyValueMemory: UnsafeMutableRawPointer

    let model: TransformerModel
    let shape: ModelConfiguration
    let program: TransformerProgram
    let activations: TransformerActivations
    let rotations: LayerRotations
    let routing: ExpertRouting?
    let attentionScale: Float
    let rowsPerGroup: Int
    let queriesPerCall: Int
    /// Heads of keys and values of one piece of attention: one where its outputs are whole blocks, else all.
    let keyValueHeadsPerPiece: Int

    private(set) var input: StepInput?
    private(set) var operationCount = 0
    private var groups: UnsafeMutableBufferPointer<RowGroup>
    private(set) var groupCount = 0
    private(set) var groupsPerPiece = 1
    /// The cut of each operation of this step that multiplies with matrices; set when its pieces are counted.
    private let cuts: UnsafeMutablePointer<PieceCut>  // [operations]
    /// Positions of its sequence that each row sees without a window.
    private let visibleCounts: UnsafeMutablePointer<Int>  // [rows]

    /// Neighbouring rows of one sequence whose attention is computed in one call.
    struct RowGroup {
        var first: Int32
        var count: Int32
    }

    init(
        model: TransformerModel, maximumRows: Int, keyValueMemory: UnsafeMutableRawPointer,
        keyValuePrecision: KVPrecision? = nil
    ) throws(LanguageModelError) {
        self.model = model
        self.keyValueMemory = keyValueMemory
        shape = model.configuration
        program = TransformerProgram(model: model)
        geometry = KVLayout(configuration: shape, precision: keyValuePrecision)
        activations = try TransformerActivations(
            model: model, maximumRows: maximumRows,
            roundsToBrain: keyValuePrecision != .single && shape.keyValuePrecision != .single)
        rotations = LayerRotations(model: model)
        routing =
            model.layers.contains { $0.experts != nil }
            ? ExpertRouting(shape: shape.experts, maximumRows: maximumRows) : nil
        attentionScale = shape.scaling.attention > 0 ? shape.scaling.attention : 1 / Float(shape.headSize).squareRoot()
        let headsPerGroup = shape.headCount / shape.keyValueHeadCount
        let isWhole = headsPerGroup * shape.headSize % Int(FLOW_BLOCK_NUMBERS) == 0
        keyValueHeadsPerPiece = isWhole || !model.attendedForms.contains(.blocks) ? 1 : shape.keyValueHeadCount
        queriesPerCall = Int(FLOW_ATTEND_QUERIES)
        rowsPerGroup = max(1, queriesPerCall / headsPerGroup)
        cuts = .allocate(capacity: program.steps.count)
        groups = .allocate(capacity: maximumRows)
        visibleCounts = .allocate(capacity: maximumRows)
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
        for row in 0..<input.rowCount {
            visibleCounts[row] = Int(input.positions[row]) + 1
            if groupCount > 0, Int(groups[groupCount - 1].count) < rowsPerGroup,
                input.sequences[row] == input.sequences[row - 1]
            {
                groups[groupCount - 1].count += 1
            } else {
                groups[groupCount] = RowGroup(first: Int32(row), count: 1)
                groupCount += 1
            }
        }
        groupsPerPiece = groupCount * shape.keyValueHeadCount / Self.maxAttentionPieces + 1
        if model.design.seesWholeText { lookAhead(input) }
    }

    /// Lets every row see as much as the last row of its sequence.
    private func lookAhead(_ input: StepInput) {
        for row in (0..<input.rowCount - 1).reversed() where input.sequences[row] == input.sequences[row + 1] {
            visibleCounts[row] = visibleCounts[row + 1]
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
        precondition(index >= 0 && index < input.pooledCount, "the last step has no such pooled row")
        return UnsafeBufferPointer(
            start: activations.sampled.floats[input.sampledCount + index], count: shape.hiddenSize)
    }

    var needsWholeTexts: Bool { model.design.seesWholeText }

    var hasLogits: Bool { model.output != nil }

    /// The cut of an operation whose pieces were counted in this step.
    func cut(ofOperation index: Int) -> PieceCut { cuts[index] }

    /// Keeps the cut of an operation, before its first piece is taken.
    func keep(_ cut: PieceCut, ofOperation index: Int) { (cuts + index).initialize(to: cut) }

    /// A group of rows by its number.
    func group(_ index: Int) -> RowGroup { groups[index] }

    /// Positions of its sequence that a row sees without a window.
    func visibleCount(ofRow row: Int) -> Int { visibleCounts[row] }
}
