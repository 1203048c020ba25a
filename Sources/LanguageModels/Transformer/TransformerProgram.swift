// SPDX-License-Identifier: Apache-2.0

/// The operations of a step of a transformer, in their order: the table of what is cut, run and delivered.
///
/// 1. `Embed`: the embeddings of the tokens, their first norm and their RoPE angles.
/// 2. For each layer: `Project` to queries, keys and values; `StoreKeysValues`, rotated; `Attend`, for each key-value
///    head and group of tokens; the output matrix of attention; `JoinAttention` with the residual, and the next norm; then
///    `GateAndUp` with its activation, the down matrix, and `JoinFeedForward`.
/// 3. A layer of experts has instead of `GateAndUp` and the down matrix: `RouteTokens`, which chooses the experts of each
///    token; `GroupTokens`, which sorts tokens by their experts; `GatherTokens`, which lays the tokens of each expert
///    behind each other; `ExpertProducts` with gate and up and with down, for each expert that has tokens. `GateAndUp` and
///    the down matrix of a shared expert follow.
/// 4. The last layer ends with `JoinOutput`, of the sampled and pooled tokens; then come `Logits` of the sampled ones.
struct TransformerProgram {
    /// All operations of a step that samples.
    let operations = OperationTable()
    private let countUntilStored: Int
    private let countUntilJoined: Int

    /// The program of a model over its activations.
    init(model: TransformerModel, activations: TransformerActivations) {
        operations.append(Embed(firstNorm: model.layers[0].attentionNorm))
        var stored = 0
        for index in model.layers.indices {
            operations.append(ProductOperation(Project(model.layers[index], activations)))
            operations.append(StoreKeysValues(layer: model.layers[index], index: index))
            stored = operations.count
            Self.append(attentionOutputOf: model, layer: index, activations, to: operations)
            Self.append(feedForwardOf: model, layer: index, activations, to: operations)
        }
        countUntilStored = stored
        countUntilJoined = operations.count
        if let output = model.output { operations.append(ProductOperation(Logits(matrix: output))) }
    }

    /// What follows the keys and values of a layer, up to the norm before its feed-forward layer.
    private static func append(
        attentionOutputOf model: TransformerModel, layer index: Int, _ activations: TransformerActivations,
        to operations: OperationTable
    ) {
        let layer = model.layers[index]
        let isAdded = model.addsBranchesDirectly
        operations.append(Attend(layer: index, window: layer.window))
        operations.append(
            ProductOperation(
                BranchOutput(projection: layer.attentionOutput, source: activations.attended, isAdded: isAdded)))
        operations.append(JoinAttention(layer: layer, isInResidual: isAdded))
    }

    /// The feed-forward layer, the experts or both, and the join behind them.
    private static func append(
        feedForwardOf model: TransformerModel, layer index: Int, _ activations: TransformerActivations,
        to operations: OperationTable
    ) {
        let layer = model.layers[index]
        let isAdded = model.addsBranchesDirectly && layer.experts == nil
        if let experts = layer.experts {
            operations.append(RouteTokens(experts: experts))
            operations.append(GroupTokens())
            operations.append(GatherTokens())
            operations.append(ExpertProducts(ExpertGateAndUp(experts: experts)))
            operations.append(ExpertProducts(ExpertDown(experts: experts)))
        }
        if let weights = layer.feedForward {
            operations.append(ProductOperation(GateAndUp(weights: weights)))
            operations.append(
                ProductOperation(BranchOutput(projection: weights.down, source: activations.gate, isAdded: isAdded)))
        }
        let branch = FeedForwardBranch(layer, isInResidual: isAdded)
        if index == model.layers.count - 1 {
            operations.append(JoinOutput(branch: branch, norm: model.outputNorm))
        } else {
            operations.append(JoinFeedForward(branch: branch, norm: model.layers[index + 1].attentionNorm))
        }
    }

    /// Operations of a step: one without outputs ends when the keys and values of the last layer are stored, one that only
    /// pools when its tokens are joined.
    func operationCount(sampledCount: Int, pooledCount: Int) -> Int {
        sampledCount > 0 ? operations.count : pooledCount > 0 ? countUntilJoined : countUntilStored
    }
}
