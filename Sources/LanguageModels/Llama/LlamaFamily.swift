// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Llama 2 and 3, Mistral, SmolLM and others: projections are used as they are.
enum LlamaFamily: TransformerFamily {
    static let rotatesHalves = false

    static func refinement(of artefact: Artefact, layer: Int) throws(LanguageModelError) -> AttentionRefinement {
        AttentionRefinement()
    }
}
