// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Llama 2 and 3, Mistral, SmolLM and others, whose files order the numbers of a head so that adjacent pairs are
/// rotated together.
enum LlamaFamily: TransformerFamily {
    static let architectures: [Architecture] = [.llama]
    static let design = TransformerDesign(rotatesHalves: false)
}
