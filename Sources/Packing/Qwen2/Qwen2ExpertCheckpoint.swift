// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import JSONReading

/// Qwen2 and 1.5 with experts, one of which treats every token.
enum Qwen2ExpertCheckpoint: CheckpointFamily {
    static let architecture = Architecture.qwen2moe
    static let hasExperts = true
    static let normalisesExperts = false
    static let huggingFace = HuggingFaceNames(
        classes: ["Qwen2MoeForCausalLM"],
        layerTensors: Qwen3ExpertCheckpoint.expertNames.merging([
            "mlp.shared_expert_gate": "ffn_gate_inp_shexp", "mlp.shared_expert.gate_proj": "ffn_gate_shexp",
            "mlp.shared_expert.up_proj": "ffn_up_shexp", "mlp.shared_expert.down_proj": "ffn_down_shexp",
        ]) { $1 },
        settings: Qwen3ExpertCheckpoint.expertSettings.merging([
            "expert_shared_feed_forward_length": ["shared_expert_intermediate_size"]
        ]) { $1 },
        derived: Qwen3ExpertCheckpoint.expertsInUse, unsupported: Qwen3ExpertCheckpoint.denseLayers)

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention(needsBiases: true)
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.experts()
    }
}
