// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Qwen2 and Qwen2.5: queries, keys and values have biases.
enum Qwen2Family: TransformerFamily {
    static let rotatesHalves = true

    static func refinement(of artefact: Artefact, layer: Int) throws(LanguageModelError) -> AttentionRefinement {
        let shape = artefact.configuration
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        let biases = AttentionRefinement.Biases(
            query: try artefact.vector(.attentionQueryBias, layer: layer, count: queries),
            key: try artefact.vector(.attentionKeyBias, layer: layer, count: keys),
            value: try artefact.vector(.attentionValueBias, layer: layer, count: keys))
        return AttentionRefinement(biases: biases)
    }
}
