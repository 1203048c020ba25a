// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// SmolLM3: Llama; the layers that do not rotate are in the configuration.
enum SmolLM3Family: TransformerFamily {
    static let architectures: [Architecture] = [.smollm3]
    static let design = TransformerDesign(rotatesHalves: false)
}
