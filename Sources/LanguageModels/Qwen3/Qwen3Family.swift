// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Qwen3 without experts: each head of queries and keys is normed before it turns.
enum Qwen3Family: TransformerFamily {
    static let rotatesHalves = true

    static func refinement(of artefact: Artefact, layer: Int) throws(LanguageModelError) -> AttentionRefinement {
        let size = artefact.configuration.headSize
        let norms = AttentionRefinement.HeadNorms(
            query: try artefact.vector(.attentionQueryNorm, layer: layer, count: size),
            key: try artefact.vector(.attentionKeyNorm, layer: layer, count: size))
        return AttentionRefinement(headNorms: norms)
    }
}
