// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import JSONReading

/// Gemma 3, its text part: five of six layers have a window and turn by a base of their own; heads are normed.
enum Gemma3Checkpoint: CheckpointFamily {
    static let architecture = Architecture.gemma3
    static let huggingFace = HuggingFaceNames(
        classes: ["Gemma3ForCausalLM"], layerTensors: Gemma2Checkpoint.layerNames, settings: settingNames,
        derived: Gemma2Checkpoint.attention, activations: ["gelu_pytorch_tanh"], tiesEmbeddings: true, normAddend: 1)

    private static let settingNames = Gemma2Checkpoint.boundNames.merging([
        "rope.freq_base": ["rope_parameters.full_attention.rope_theta", "rope_theta"],
        "rope.freq_base_swa": ["rope_parameters.sliding_attention.rope_theta", "rope_local_base_freq"],
        "rope.scaling.type": [
            "rope_parameters.full_attention.rope_type", "rope_scaling.rope_type", "rope_scaling.type",
        ],
        "rope.scaling.factor": ["rope_parameters.full_attention.factor", "rope_scaling.factor"],
        "attention.sliding_window_pattern": ["layer_types", "sliding_window_pattern", "_sliding_window_pattern"],
    ]) { $1 }

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {
        shape.scaling.embedding = Float(shape.hiddenSize).squareRoot()
        shape.ropeBase = Float(try metadata.float("rope.freq_base", default: 1_000_000))
        shape.window.ropeBase = Float(try metadata.float("rope.freq_base_swa", default: 10_000))
        shape.window.ropeScale = 1
        Gemma2Checkpoint.scaleScores(&shape, largestLayerCount: 62)
    }

    static func hasWindow(layer: Int) -> Bool { layer % 6 < 5 }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention()
        plan.headNorms()
        plan.norm("post_attention_norm", .attentionPostNorm)
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.feedForward()
        plan.norm("post_ffw_norm", .feedForwardPostNorm)
    }
}
