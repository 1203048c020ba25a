// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Qwen3: norms of each head of queries and keys.
enum Qwen3Checkpoint: CheckpointFamily {
    static let architecture = Architecture.qwen3
    static let huggingFace = HuggingFaceNames(classes: ["Qwen3ForCausalLM"], derived: Qwen2Checkpoint.windowInUse)

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention()
        plan.headNorms()
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.feedForward()
    }
}
