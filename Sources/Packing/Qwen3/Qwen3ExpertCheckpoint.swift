// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import JSONReading

/// Qwen3 whose feed-forward layers are experts.
enum Qwen3ExpertCheckpoint: CheckpointFamily {
    static let architecture = Architecture.qwen3moe
    static let hasExperts = true
    static let huggingFace = HuggingFaceNames(
        classes: ["Qwen3MoeForCausalLM"], layerTensors: expertNames, settings: expertSettings, derived: expertsInUse,
        unsupported: denseLayers)

    /// A layer with experts.
    static let expertNames = HuggingFaceNames.standardLayer.merging([
        "mlp.gate": "ffn_gate_inp", "mlp.experts.*.gate_proj": "ffn_gate_exps",
        "mlp.experts.*.up_proj": "ffn_up_exps", "mlp.experts.*.down_proj": "ffn_down_exps",
    ]) { $1 }

    /// Settings of experts.
    static let expertSettings = HuggingFaceNames.standardSettings.merging([
        "expert_feed_forward_length": ["moe_intermediate_size"]
    ]) { $1 }

    /// Whether the weights of a token's experts sum to 1, which they do not unless the configuration says so; and the
    /// window, as in Qwen2.
    @Sendable
    static func expertsInUse(_ configuration: JSONValue) -> [String: JSONValue] {
        let isNormalised = configuration["norm_topk_prob"]?.boolean ?? false
        var settings = Qwen2Checkpoint.windowInUse(configuration)
        settings["expert_weights_norm"] = .boolean(isNormalised)
        return settings
    }

    /// Every layer must have experts.
    @Sendable
    static func denseLayers(_ configuration: JSONValue) -> String? {
        if configuration["mlp_only_layers"]?.list?.isEmpty == false {
            return "layers without experts (mlp_only_layers)"
        }
        let step = configuration["decoder_sparse_step"]?.number ?? 1
        return step == 1 ? nil : "experts in some layers only (decoder_sparse_step)"
    }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention()
        plan.headNorms()
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.experts()
    }
}
