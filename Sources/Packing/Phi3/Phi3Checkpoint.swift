// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Phi-3, 3.5 and 4: queries, keys and values are one matrix, gate and up another; some have frequencies of their own
/// for long texts.
enum Phi3Checkpoint: CheckpointFamily {
    static let architecture = Architecture.phi3
    static let huggingFace = HuggingFaceNames(
        classes: ["Phi3ForCausalLM"],
        layerTensors: HuggingFaceNames.standardLayer.merging([
            "self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up",
        ]) { $1 })

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.joinedAttention()
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.joinedFeedForward()
    }
}
