// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// OLMo 2: norms behind the branches, and over all queries and all keys.
enum OLMo2Checkpoint: CheckpointFamily {
    static let architecture = Architecture.olmo2
    static let huggingFace = HuggingFaceNames(
        classes: ["Olmo2ForCausalLM"],
        layerTensors: HuggingFaceNames.standardLayer.merging([
            "post_attention_layernorm": "post_attention_norm", "post_feedforward_layernorm": "post_ffw_norm",
        ]) { $1 })

    static func planLayer(_ plan: inout LayerPlan) {
        plan.attention()
        plan.headNorms(together: true)
        plan.norm("post_attention_norm", .attentionPostNorm)
        plan.feedForward()
        plan.norm("post_ffw_norm", .feedForwardPostNorm)
    }
}
