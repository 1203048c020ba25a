// SPDX-License-Identifier: Apache-2.0
package import Artefacts
package import ServingModel

/// How the key and value memory of a model is laid out, from its configuration.
///
/// The memory is one mapping cut into blocks of `tokensPerBlock` positions of one sequence; a block holds every layer:
/// ```
/// block     = layer 0 | layer 1 | ...
/// layer     = key-value head 0 | head 1 | ...
/// head      = keys [headSize][32] | values [32][paddedHeadSize]
/// ```
/// Keys lie like a weight panel of 32 rows (the tokens), so that scores come out in vector lanes; values lie token by
/// token, padded to whole vectors of 16. In bytes keys are padded too, and both are followed by their scales, halves,
/// [groups of 32 components][32]. Everything is a multiple of 64 bytes.
package struct KVLayout: Sendable, Equatable {
    /// Positions of one sequence that a block holds.
    package static let tokensPerBlock = 32

    /// Layers in each block.
    package let layerCount: Int
    /// Heads of keys and values in each layer.
    package let keyValueHeadCount: Int
    /// Components of one head.
    package let headSize: Int

    /// How keys and values are stored.
    package let type: KeyValueType

    /// The layout of a model's keys and values, in the type that packing chose or in another one.
    package init(configuration: ModelConfiguration, type: KeyValueType? = nil) {
        self.type = type ?? configuration.keyValueType
        layerCount = configuration.layerCount
        keyValueHeadCount = configuration.keyValueHeadCount
        headSize = configuration.headSize
    }

    /// Positions of one sequence that a block holds.
    package var tokensPerBlock: Int { Self.tokensPerBlock }

    /// `headSize` rounded up to whole vectors of 16.
    package var paddedHeadSize: Int { (headSize + 15) / 16 * 16 }

    /// Bytes of one head of one layer in one block: keys, then values.
    package var bytesPerHead: Int {
        switch type {
        case .half: (headSize + paddedHeadSize) * Self.tokensPerBlock * 2
        case .single: (headSize + paddedHeadSize) * Self.tokensPerBlock * 4
        case .bytes: 2 * (paddedHeadSize + (headSize + 31) / 32 * 2) * Self.tokensPerBlock
        }
    }

    /// Bytes of one layer in one block.
    package var bytesPerLayer: Int { bytesPerHead * keyValueHeadCount }

    /// Bytes of one block: all layers, keys and values.
    package var bytesPerBlock: Int { bytesPerLayer * layerCount }

    /// Blocks that `positions` positions of one sequence fill or begin.
    package func blockCount(forPositions positions: Int) -> Int {
        (positions + Self.tokensPerBlock - 1) / Self.tokensPerBlock
    }
}
