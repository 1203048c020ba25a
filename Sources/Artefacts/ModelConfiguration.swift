// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A model's shape: everything that the engine must know before it looks at a weight.
package struct ModelConfiguration: Sendable, Equatable {
    /// The longest `name` in bytes of UTF-8.
    package static let longestName = 128

    /// The family, which decides which tensors exist and how they are used.
    package var architecture: Architecture
    /// The model's own name, for people.
    package var name: String
    /// Number of weights, those of norms included.
    package var parameterCount: UInt64
    /// Number of decoder layers.
    package var layerCount: Int
    /// Width of the residual stream.
    package var hiddenSize: Int
    /// Number of query heads.
    package var headCount: Int
    /// Number of key and value heads; divides `headCount`.
    package var keyValueHeadCount: Int
    /// Width of one head.
    package var headSize: Int
    /// Width of the gated feed-forward layer.
    package var feedForwardSize: Int
    /// Number of tokens.
    package var vocabularySize: Int
    /// The longest sequence that the model was made for, in tokens.
    package var contextLength: Int
    /// The base of the rotary embedding's frequencies.
    package var ropeBase: Float
    /// How many leading elements of a head are rotated, in pairs.
    package var ropeDimensions: Int
    /// Added to the mean square before its root is taken in a norm.
    package var normEpsilon: Float
    /// What positions are multiplied with before they turn a head: less than 1 for a stretched context.
    package var ropeScale: Float
    /// What the cosines and sines of the rotary embedding are multiplied with.
    package var ropeMagnitude: Float = 1
    /// Positions that the model saw before its context was stretched, up to which the factors for short texts hold;
    /// 0 = there are none.
    package var shortContextLength = 0
    /// Layers that do not rotate at all.
    package var unrotatedLayers = LayerSet()
    /// Layers that see only the last positions.
    package var window = AttentionWindow()
    /// Factors and bounds of its numbers.
    package var scaling = ValueScaling()
    /// The experts of its feed-forward layers.
    package var experts = ExpertShape()
    /// How the vectors of a text become one.
    package var pooling = Pooling.unspecified
    /// How keys and values are stored: as precisely as most of the weights, but in at least 16 bits.
    package var keyValueType = KeyValueType.half
    /// Kinds of segments that an encoder tells apart; 0 = none.
    package var segmentKindCount = 0

    /// A configuration as given; `validate()` says whether it makes sense.
    package init(
        architecture: Architecture, name: String, parameterCount: UInt64, layerCount: Int, hiddenSize: Int,
        headCount: Int, keyValueHeadCount: Int, headSize: Int, feedForwardSize: Int, vocabularySize: Int,
        contextLength: Int, ropeBase: Float, ropeDimensions: Int, normEpsilon: Float, ropeScale: Float = 1
    ) {
        self.architecture = architecture
        self.name = name
        self.parameterCount = parameterCount
        self.layerCount = layerCount
        self.hiddenSize = hiddenSize
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.feedForwardSize = feedForwardSize
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.ropeBase = ropeBase
        self.ropeDimensions = ropeDimensions
        self.normEpsilon = normEpsilon
        self.ropeScale = ropeScale
    }
}
