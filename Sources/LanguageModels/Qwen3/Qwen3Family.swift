// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Qwen3, with experts or without: each head of queries and keys is normed before RoPE.
enum Qwen3Family: TransformerFamily {
    static let architectures: [Architecture] = [.qwen3, .qwen3moe]
    static let design = TransformerDesign(headNorms: .each)
}
