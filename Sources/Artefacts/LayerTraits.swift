// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// Factors and bounds by which a model's numbers are changed on their way; the usual model has none.
package struct ValueScaling: Sendable, Equatable {
    /// What embeddings are multiplied with.
    package var embedding: Float = 1
    /// What scores of attention are multiplied with; 0 = one over the root of the head size.
    package var attention: Float = 0
    /// What a branch is multiplied with before it is added to the residual.
    package var residual: Float = 1
    /// What logits are multiplied with.
    package var logits: Float = 1
    /// Scores of attention stay within this bound: bound * tanh(score / bound); 0 = they are free.
    package var attentionBound: Float = 0
    /// The same for logits.
    package var logitsBound: Float = 0

    /// No scaling.
    package init() {}

    /// Every value by the name that errors call it.
    var all: [(name: String, value: Float)] {
        [
            ("embedding scale", embedding), ("attention scale", attention), ("residual scale", residual),
            ("logit scale", logits), ("attention bound", attentionBound), ("logit bound", logitsBound),
        ]
    }
}

/// Layers that see only the last positions.
package struct AttentionWindow: Sendable, Equatable {
    /// Positions that a token of these layers sees, itself among them; 0 = all layers see everything.
    package var length = 0
    /// The layers.
    package var layers = LayerSet()
    /// The base of the rotary embedding in these layers, and what positions are multiplied with there.
    package var ropeBase: Float = 10_000
    package var ropeScale: Float = 1

    /// No window.
    package init() {}
}

/// Feed-forward layers that are many small ones, a few of which treat each token.
package struct ExpertShape: Sendable, Equatable {
    /// Experts of a layer; 0 = the model has none.
    package var count = 0
    /// Experts that treat a token.
    package var usedCount = 0
    /// Width of one expert.
    package var feedForwardSize = 0
    /// Width of the expert that treats every token; 0 = there is none.
    package var sharedFeedForwardSize = 0
    /// Whether the weights of a token's experts are made to sum to 1.
    package var normalisesWeights = true

    /// No experts.
    package init() {}
}

/// How the vectors of a text's tokens become one vector. The numbers are part of the file format.
package enum Pooling: UInt32, Sendable, Equatable {
    /// The model does not say.
    case unspecified = 0
    /// Their mean.
    case mean = 1
    /// The first token's.
    case first = 2
    /// The last token's.
    case last = 3
}

extension KeyValueType {
    /// As the file format has it.
    var formatNumber: UInt32 {
        switch self {
        case .half: 0
        case .single: 1
        case .bytes: 2
        }
    }

    /// nil for a number of no type.
    init?(formatNumber: UInt32) {
        guard let type = Self.allCases.first(where: { $0.formatNumber == formatNumber }) else { return nil }
        self = type
    }
}
