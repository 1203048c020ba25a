// SPDX-License-Identifier: Apache-2.0

/// The operations of a step of a transformer, in their order.
///
/// 1. `embed`: the tokens' embeddings, their first norm and their rotary angles.
/// 2. For each layer: `project` to queries, keys and values; `store` rotated keys, and values; `attend` for each
///    key-value head and group of tokens; `attentionOutput`; `joinAttention` with the residual, and the next norm; then
///    `gateAndUp` with its activation, `down`, and `joinFeedForward`.
/// 3. A layer of experts has instead of `gateAndUp` and `down`: `route`, which chooses each token's experts; `group`,
///    which sorts tokens by their experts; `gather`, which lays each expert's tokens behind each other;
///    `expertGateAndUp` and `expertDown` for each expert that has tokens. A shared expert's `gateAndUp` and `down`
///    follow.
/// 4. The last layer's join is `joinOutput`, of the sampled and pooled tokens; then come the `logits` of the sampled
///    ones.
struct TransformerProgram {
    /// What an operation does.
    enum Operation: UInt8 {
        case embed, project, store, attend, attentionOutput, joinAttention, gateAndUp, down, joinFeedForward
        case route, group, gather, expertGateAndUp, expertDown
        case joinOutput, logits
    }

    /// An operation of a layer.
    struct Step {
        let operation: Operation
        let layer: Int
    }

    /// All operations of a step that samples.
    let steps: [Step]
    private let countUntilStored: Int
    private let countUntilJoined: Int

    /// The program of a model.
    init(model: TransformerModel) {
        var steps = [Step(operation: .embed, layer: 0)]
        for (index, layer) in model.layers.enumerated() {
            var operations: [Operation] = [.project, .store, .attend, .attentionOutput, .joinAttention]
            if layer.experts != nil { operations += [.route, .group, .gather, .expertGateAndUp, .expertDown] }
            if layer.feedForward != nil { operations += [.gateAndUp, .down] }
            operations.append(index == model.layers.count - 1 ? .joinOutput : .joinFeedForward)
            steps += operations.map { Step(operation: $0, layer: index) }
        }
        countUntilJoined = steps.count
        if model.output != nil { steps.append(Step(operation: .logits, layer: 0)) }
        self.steps = steps
        countUntilStored = (steps.lastIndex { $0.operation == .store } ?? 0) + 1
    }

    /// Operations of a step: one without outputs ends when the last layer's keys and values are stored, one that only
    /// pools when its tokens are joined.
    func operationCount(sampledCount: Int, pooledCount: Int) -> Int {
        sampledCount > 0 ? steps.count : pooledCount > 0 ? countUntilJoined : countUntilStored
    }
}
