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
    /// The norm of each head of queries, one weight for all heads.
    case attentionQueryNorm = 24
    /// The norm of each head of keys, one weight for all heads.
    case attentionKeyNorm = 25
    /// The norm before the feed-forward layer.
    case feedForwardNorm = 32
    /// Hidden to feed-forward, the gated half.
    case feedForwardGate = 33
    /// Hidden to feed-forward, the linear half.
    case feedForwardUp = 34
    /// Feed-forward back to hidden.
    case feedForwardDown = 35
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
