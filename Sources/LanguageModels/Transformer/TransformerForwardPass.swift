// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// A step of a transformer, as operations and pieces.
///
/// 1. `embed`: the rows' embeddings, their first norm and their rotary angles; pieces of rows.
/// 2. For each layer: `project` to queries, keys and values; `store` rotated keys, and values; `attend` for each
///    key-value head and group of rows; `attentionOutput` onto the residual; `feedForwardNorm`; `gateAndUp` with its
///    activation; `down` onto the residual; `attentionNorm` of the next layer.
/// 3. `outputNorm` and `logits` of the sampled rows. A step without any ends with the last layer's `store`.
final class TransformerForwardPass: ForwardPass {
    /// What an operation does; see the type's description.
    enum Operation: Int {
        case project, store, attend, attentionOutput, feedForwardNorm, gateAndUp, down, attentionNorm
        case embed, outputNorm, logits
    }

    /// Operations of one layer, the first eight above.
    static let operationsPerLayer = 8
    /// Rows of one piece where rows are treated one by one.
    static let rowsPerPiece = 8
    /// Most pieces of attention: beyond that a piece takes several groups of rows.
    static let mostAttentionPieces = 16_384

    let geometry: KVGeometry
    var rankCount = 1
    var keyValueMemory: UnsafeMutableRawPointer

    let model: TransformerModel
    let shape: ModelConfiguration
    let activations: TransformerActivations
    let rotation: RotationTables
    let rowsPerGroup: Int
    let queriesPerCall: Int
    /// Heads of keys and values of one piece of attention: one where its outputs are whole blocks, else all.
    let keyValueHeadsPerPiece: Int

    private(set) var input: StepInput?
    private(set) var operationCount = 0
    private var groups: UnsafeMutableBufferPointer<RowGroup>
    private(set) var groupCount = 0
    private(set) var groupsPerPiece = 1

    /// Neighbouring rows of one sequence whose attention is computed in one call.
    struct RowGroup {
        var first: Int32
        var count: Int32
    }

    init(
        model: TransformerModel, maximumRows: Int, keyValueMemory: UnsafeMutableRawPointer
    ) throws(LanguageModelError) {
        self.model = model
        self.keyValueMemory = keyValueMemory
        shape = model.configuration
        geometry = KVGeometry(configuration: shape)
        activations = try TransformerActivations(model: model, maximumRows: maximumRows)
        rotation = RotationTables(
            frequencies: RotationTables.frequencies(
                base: shape.ropeBase, dimensions: shape.ropeDimensions, scale: shape.ropeScale,
                factors: model.ropeFactors),
            contextLength: shape.contextLength)
        let headsPerGroup = shape.headCount / shape.keyValueHeadCount
        let isWhole = headsPerGroup * shape.headSize % Int(FLOW_BLOCK_NUMBERS) == 0
        keyValueHeadsPerPiece = isWhole || !model.quantisesAttended ? 1 : shape.keyValueHeadCount
        queriesPerCall = Int(FLOW_ATTEND_QUERIES)
        rowsPerGroup = max(1, queriesPerCall / headsPerGroup)
        groups = .allocate(capacity: maximumRows)
    }

    deinit { groups.deallocate() }

    func prepare(_ input: StepInput) {
        self.input = input
        operationCount =
            input.sampledCount > 0
            ? 1 + shape.layerCount * Self.operationsPerLayer + 1
            : 1 + (shape.layerCount - 1) * Self.operationsPerLayer + 2
        groupCount = 0
        for row in 0..<input.rowCount {
            if groupCount > 0, Int(groups[groupCount - 1].count) < rowsPerGroup,
                input.sequences[row] == input.sequences[row - 1]
            {
                groups[groupCount - 1].count += 1
            } else {
                groups[groupCount] = RowGroup(first: Int32(row), count: 1)
                groupCount += 1
            }
        }
        groupsPerPiece = groupCount * shape.keyValueHeadCount / Self.mostAttentionPieces + 1
    }

    func releaseActivations() { activations.release() }

    func logits(ofSampled index: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: activations.logits[index], count: shape.vocabularySize)
    }

    /// The operation and its layer at a place in the step. After the last layer's `down`, the norm is the output's.
    func operation(at index: Int) -> (operation: Operation, layer: Int) {
        let layers = shape.layerCount
        if index == 0 { return (.embed, 0) }
        let layer = (index - 1) / Self.operationsPerLayer
        if layer == layers { return (.logits, 0) }
        let place = (index - 1) % Self.operationsPerLayer
        if layer == layers - 1, place == Operation.attentionNorm.rawValue { return (.outputNorm, 0) }
        guard let operation = Operation(rawValue: place) else { preconditionFailure("a layer has eight operations") }
        return (operation, layer)
    }

    /// A group of rows by its number.
    func group(_ index: Int) -> RowGroup { groups[index] }

    /// Groups of rows that one piece of attention takes, as a range for the piece's part of all groups.
    var groupPieces: Int { (groupCount + groupsPerPiece - 1) / groupsPerPiece }
}
