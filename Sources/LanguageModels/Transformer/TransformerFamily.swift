// SPDX-License-Identifier: Apache-2.0
package import Artefacts

/// How a family of decoders differs from the layers that all of them share; one folder each.
protocol TransformerFamily {
    /// Whether the first half of a head's rotated numbers turns with the second; adjacent pairs turn elsewhere.
    static var rotatesHalves: Bool { get }

    /// What a layer does to queries, keys and values, with its tensors found and their shapes checked.
    static func refinement(of artefact: Artefact, layer: Int) throws(LanguageModelError) -> AttentionRefinement
}

/// What happens to a layer's queries, keys and values between their projection and their rotation.
struct AttentionRefinement {
    /// Vectors that are added to the projections.
    struct Biases {
        let query: UnsafePointer<Float>  // [heads * headSize]
        let key: UnsafePointer<Float>  // [keyValueHeads * headSize]
        let value: UnsafePointer<Float>  // [keyValueHeads * headSize]
    }

    /// Weights of a norm over each head by itself.
    struct HeadNorms {
        let query: UnsafePointer<Float>  // [headSize]
        let key: UnsafePointer<Float>  // [headSize]
    }

    var biases: Biases?
    var headNorms: HeadNorms?
}

extension Architecture {
    /// Whether the first half of a head's rotated numbers turns with the second. Where it does not, adjacent ones turn,
    /// and rows of queries and keys lie accordingly in the artefact.
    package var rotatesHalves: Bool { LanguageModel.family(of: self).rotatesHalves }
}
