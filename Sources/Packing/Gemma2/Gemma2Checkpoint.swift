// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Glibc
internal import JSONReading

/// Gemma 2: norms around both branches, bounds of scores and logits, a window in every other layer.
enum Gemma2Checkpoint: CheckpointFamily {
    static let architecture = Architecture.gemma2
    static let huggingFace = HuggingFaceNames(
        classes: ["Gemma2ForCausalLM"], layerTensors: layerNames, settings: boundNames, derived: attention,
        activations: ["gelu_pytorch_tanh"], tiesEmbeddings: true, normAddend: 1)

    /// A layer with norms before and behind each branch.
    static let layerNames = HuggingFaceNames.standardLayer.merging([
        "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm",
    ]) { $1 }

    /// Settings with those of the bounds.
    static let boundNames = HuggingFaceNames.standardSettings.merging([
        "attn_logit_softcapping": ["attn_logit_softcapping"],
        "final_logit_softcapping": ["final_logit_softcapping"],
    ]) { $1 }

    /// The factor of scores, bounds that are switched off, and whether it is a decoder.
    @Sendable
    static func attention(_ configuration: JSONValue) -> [String: JSONValue] {
        var settings: [String: JSONValue] = [:]
        if let scalar = configuration["query_pre_attn_scalar"]?.number, scalar > 0 {
            settings["attention.scale"] = .fraction(1 / scalar.squareRoot())
        }
        for name in ["attn_logit_softcapping", "final_logit_softcapping"] {
            let isNull = configuration.object?.contains { $0.name == name && $0.value == .null } ?? false
            if isNull { settings[name] = .integer(0) }
        }
        if configuration["use_bidirectional_attention"]?.boolean ?? false {
            settings["attention.causal"] = .boolean(false)
        }
        return settings
    }

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {
        shape.scaling.embedding = Float(shape.hiddenSize).squareRoot()
        shape.scaling.attentionBound = Float(try metadata.float("attn_logit_softcapping", default: 50))
        shape.scaling.logitsBound = Float(try metadata.float("final_logit_softcapping", default: 30))
        scaleScores(&shape, largestLayerCount: 46)
    }

    /// GGUF files do not say the factor of scores; of each generation only the largest model has another one.
    static func scaleScores(_ shape: inout ModelConfiguration, largestLayerCount: Int) {
        guard shape.scaling.attention == 0, shape.layerCount == largestLayerCount else { return }
        shape.scaling.attention = 1 / Float(shape.hiddenSize / shape.headCount).squareRoot()
    }

    static func hasWindow(layer: Int) -> Bool { layer % 2 == 0 }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention()
        plan.norm("post_attention_norm", .attentionPostNorm)
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.feedForward()
        plan.norm("post_ffw_norm", .feedForwardPostNorm)
    }
}
