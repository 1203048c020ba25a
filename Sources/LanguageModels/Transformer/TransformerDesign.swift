// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// How the layers of a family are put together: what a family has to say beside the numbers of a configuration. The
/// defaults are those of most decoders.
struct TransformerDesign {
    /// Where norms stand around a branch, that is attention or the feed-forward layer.
    enum NormPlacement {
        /// residual += branch(norm(residual))
        case before
        /// residual += norm(branch(norm(residual)))
        case around
        /// residual += norm(branch(residual))
        case after
        /// residual = norm(residual + branch(residual))
        case afterSum

        var hasBefore: Bool { self == .before || self == .around }
        var hasAfter: Bool { self != .before }
    }

    /// Norms of queries and of keys before they rotate.
    enum HeadNorms {
        case none
        /// Each head by itself, with one weight for all.
        case each
        /// All heads together.
        case together
    }

    /// Whether RoPE pairs the first half of a head's numbers with the second; otherwise it pairs adjacent ones.
    var rotatesHalves = true
    /// Whether a token sees the whole text, not only what lies before it.
    var seesWholeText = false
    var norms = NormPlacement.before
    /// Whether norms take the mean away and add a bias.
    var centresNorms = false
    var headNorms = HeadNorms.none
    /// Whether queries, keys and values must have biases; a model may have them anyway.
    var needsAttentionBiases = false
    /// Whether a gate decides how much of each number of the feed-forward layer counts.
    var gatesFeedForward = true
    var activation = FLOW_ACTIVATION_SILU
    /// Whether there is a norm behind the last layer.
    var hasOutputNorm = true
    /// Whether there are logits; an encoder ends with vectors.
    var hasLogits = true
}
