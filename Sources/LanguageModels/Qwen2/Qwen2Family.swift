// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Qwen2 and Qwen2.5, with experts or without: queries, keys and values have biases.
enum Qwen2Family: TransformerFamily {
    static let architectures: [Architecture] = [.qwen2, .qwen2moe]
    static let design = TransformerDesign(needsAttentionBiases: true)
}
