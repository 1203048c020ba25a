// SPDX-License-Identifier: Apache-2.0

/// The families of models that an artefact can hold. The numbers are part of the file format.
package enum Architecture: UInt32, Sendable, Equatable, CaseIterable {
    /// Llama: pre-normalised decoder, rotary embedding of adjacent pairs, grouped heads, SwiGLU.
    case llama = 1
    /// Qwen2 and 2.5: as Llama, with biases of queries, keys and values, and rotation of the halves of a head.
    case qwen2 = 2
    /// Qwen3 without experts: as Llama, with norms of each query and key, and rotation of the halves of a head.
    case qwen3 = 3

    /// The name that checkpoints and listings use.
    package var name: String {
        switch self {
        case .llama: "llama"
        case .qwen2: "qwen2"
        case .qwen3: "qwen3"
        }
    }

    /// The family of that name; nil for one that is not built in.
    package init?(named name: String) {
        guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}

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

    /// Checks every range, so that sizes computed from this value cannot overflow anywhere.
    package func validate() throws(ArtefactError) {
        try Self.require("layer count", layerCount, in: 1...1024)
        try Self.require("hidden size", hiddenSize, in: 1...65_536)
        try Self.require("head count", headCount, in: 1...1024)
        try Self.require("key and value head count", keyValueHeadCount, in: 1...headCount)
        try Self.require("head size", headSize, in: 1...1024)
        try Self.require("width of all heads", headCount * headSize, in: 1...65_536)
        try Self.require("feed-forward size", feedForwardSize, in: 1...262_144)
        try Self.require("vocabulary size", vocabularySize, in: 1...(1 << 20))
        try Self.require("context length", contextLength, in: 1...(1 << 22))
        try Self.require("rotary dimensions", ropeDimensions, in: 0...headSize)
        guard headCount % keyValueHeadCount == 0 else {
            throw .invalidField(
                "key and value head count", value: "\(keyValueHeadCount)", expected: "a divisor of \(headCount)")
        }
        guard ropeDimensions % 2 == 0 else {
            throw .invalidField("rotary dimensions", value: "\(ropeDimensions)", expected: "an even number")
        }
        guard ropeBase.isFinite, ropeBase >= 1 else {
            throw .invalidField("rotary base", value: "\(ropeBase)", expected: "a finite number of at least 1")
        }
        guard ropeScale > 0, ropeScale <= 1 else {
            throw .invalidField("rotary scale", value: "\(ropeScale)", expected: "a number above 0, at most 1")
        }
        guard normEpsilon.isFinite, normEpsilon > 0, normEpsilon < 1 else {
            throw .invalidField("norm epsilon", value: "\(normEpsilon)", expected: "a number between 0 and 1")
        }
        guard name.utf8.count <= Self.longestName else {
            throw .invalidField(
                "name", value: "\(name.utf8.count) bytes long", expected: "at most \(Self.longestName) bytes")
        }
    }

    private static func require(
        _ field: String, _ value: Int, in range: ClosedRange<Int>
    ) throws(ArtefactError) {
        guard range.contains(value) else {
            throw .invalidField(
                field, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
