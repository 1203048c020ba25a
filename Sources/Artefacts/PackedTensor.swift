// SPDX-License-Identifier: Apache-2.0

/// What a tensor is for. The numbers are part of the file format.
package enum TensorRole: UInt32, Sendable, CaseIterable {
    /// Vocabulary x hidden; also the output matrix where the model ties the two.
    case tokenEmbedding = 1
    /// The norm before the output matrix.
    case outputNorm = 2
    /// Vocabulary x hidden; absent where the embedding is used instead.
    case output = 3
    /// What the frequency of each rotated pair is divided by; absent where all are used as they are.
    case ropeFactors = 4
    /// The same for sequences beyond the short context length.
    case longRopeFactors = 5
    /// Positions x hidden: what is added to the embedding of a token at each position.
    case positionEmbedding = 6
    /// Kinds of segments x hidden, added likewise.
    case segmentEmbedding = 7
    /// The norm of embeddings, and what is added after it.
    case embeddingNorm = 8
    case embeddingNormBias = 9
    /// The norm before attention, one per layer.
    case attentionNorm = 16
    /// Hidden to all query heads.
    case attentionQuery = 17
    /// Hidden to all key heads.
    case attentionKey = 18
    /// Hidden to all value heads.
    case attentionValue = 19
    /// All heads back to hidden.
    case attentionOutput = 20
    /// Added to the queries; likewise the next two to keys and values.
    case attentionQueryBias = 21
    case attentionKeyBias = 22
    case attentionValueBias = 23
    /// The norm of each head of queries, one weight for all heads; or of all queries together.
    case attentionQueryNorm = 24
    /// The same for keys.
    case attentionKeyNorm = 25
    /// Added to what attention gives back.
    case attentionOutputBias = 26
    /// The norm of what attention gives back, or of the residual with it.
    case attentionPostNorm = 27
    /// Added after the norms that take the mean away.
    case attentionNormBias = 28
    case attentionPostNormBias = 29
    /// The norm before the feed-forward layer.
    case feedForwardNorm = 32
    /// Hidden to feed-forward, the gated half.
    case feedForwardGate = 33
    /// Hidden to feed-forward, the linear half.
    case feedForwardUp = 34
    /// Feed-forward back to hidden.
    case feedForwardDown = 35
    /// Added to the three.
    case feedForwardGateBias = 36
    case feedForwardUpBias = 37
    case feedForwardDownBias = 38
    /// The norm of what the feed-forward layer gives back, or of the residual with it.
    case feedForwardPostNorm = 39
    case feedForwardPostNormBias = 40
    case feedForwardNormBias = 41
    /// Hidden to experts: how well each suits a token.
    case expertRouter = 48
    /// The matrices of all experts: those of each begin with a panel of their own.
    case expertGate = 49
    case expertUp = 50
    case expertDown = 51
    /// Hidden to 1: how much the shared expert counts for a token.
    case sharedExpertRouter = 52
}

/// A view of one tensor of a mapped artefact; valid as long as the mapping.
///
/// Panels of floats: number `k` of row `r` lies at `((r / 32) * columns + k) * 32 + r % 32`, counted in numbers.
/// Quantised panels: see `QuantisedBlock`.
package struct PackedTensor: @unchecked Sendable {
    /// What the tensor is for.
    package let role: TensorRole
    /// The decoder layer; 0 for tensors of the whole model.
    package let layer: Int
    /// How its numbers lie.
    package let layout: KernelLayout
    /// Outputs of the matrix; 1 for a vector.
    package let rows: Int
    /// The inner dimension; a vector's length.
    package let columns: Int
    /// The first byte, aligned to 64.
    package let data: UnsafeRawPointer
    /// Size with the padding of the last panel.
    package let byteCount: Int
}
