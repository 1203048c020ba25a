// SPDX-License-Identifier: Apache-2.0

/// Some of a model's layers, by their numbers.
package struct LayerSet: Sendable, Equatable {
    /// Layers that a model can have at most.
    package static let maxLayers = 1024

    /// One bit for each layer, 64 to a word.
    var words = [UInt64](repeating: 0, count: Self.maxLayers / 64)

    /// No layer.
    package init() {}

    /// The layers of `0..<count` that a rule chooses; `count` is at most `maxLayers`.
    package init(of count: Int, where isIncluded: (Int) -> Bool) {
        for layer in 0..<count where isIncluded(layer) { words[layer / 64] |= 1 << UInt64(layer % 64) }
    }

    /// Whether a layer is one of them; false for a number that no model has.
    package func contains(_ layer: Int) -> Bool {
        guard (0..<Self.maxLayers).contains(layer) else { return false }
        return words[layer / 64] >> UInt64(layer % 64) & 1 == 1
    }

    /// Whether there is none.
    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
}
