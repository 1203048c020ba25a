// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import JSONReading

/// Gemma 3, its text part: five of six layers have a window and turn by a base of their own; heads are normed.
enum Gemma3Checkpoint: CheckpointFamily {
    static let architecture = Architecture.gemma3
    static let huggingFace = HuggingFaceNames(
        classes: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
        prefixes: ["language_model.model.", "model.language_model.", "model."],
        layerTensors: Gemma2Checkpoint.layerNames, settings: settingNames, derived: attention,
        unsupported: stretchedLayers,
        activations: ["gelu_pytorch_tanh"], tiesEmbeddings: true, normAddend: 1, textMember: "text_config",
        otherParts: [
            "vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector.",
        ])

    private static let settingNames = Gemma2Checkpoint.boundNames.merging([
        "rope.freq_base": ["rope_parameters.full_attention.rope_theta", "rope_theta"],
        "rope.freq_base_swa": ["rope_parameters.sliding_attention.rope_theta", "rope_local_base_freq"],
        "rope.scaling.type": [
            "rope_parameters.full_attention.rope_type", "rope_scaling.rope_type", "rope_scaling.type",
        ],
        "rope.scaling.factor": ["rope_parameters.full_attention.factor", "rope_scaling.factor"],
        "attention.sliding_window_pattern": ["layer_types", "sliding_window_pattern", "_sliding_window_pattern"],
    ]) { $1 }

    /// As in Gemma 2. Configurations of models that also see leave out what is as in the first of them.
    @Sendable
    private static func attention(_ configuration: JSONValue) -> [String: JSONValue] {
        var settings = Gemma2Checkpoint.attention(configuration)
        let usual: [(member: String, key: String, value: JSONValue)] = [
            ("num_attention_heads", "attention.head_count", .integer(8)),
            ("num_key_value_heads", "attention.head_count_kv", .integer(4)),
            ("head_dim", "attention.key_length", .integer(256)), ("head_dim", "attention.value_length", .integer(256)),
            ("rms_norm_eps", "attention.layer_norm_rms_epsilon", .fraction(1e-6)),
            ("max_position_embeddings", "context_length", .integer(131_072)),
            ("query_pre_attn_scalar", "attention.scale", .fraction(1.0 / 16)),
        ]
        for (member, key, value) in usual where configuration[member] == nil { settings[key] = value }
        return settings
    }

    /// Layers without a window may be stretched evenly, those with one not at all.
    @Sendable
    private static func stretchedLayers(_ configuration: JSONValue) -> String? {
        let kinds: [(layers: String, known: Set<String>)] = [
            ("full_attention", ["default", "linear"]), ("sliding_attention", ["default"]),
        ]
        for (layers, known) in kinds {
            let kind = configuration["rope_parameters"]?[layers]?["rope_type"]?.text ?? "default"
            if !known.contains(kind) { return "rope_parameters of the type '\(kind)' in layers with \(layers)" }
        }
        return nil
    }

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
