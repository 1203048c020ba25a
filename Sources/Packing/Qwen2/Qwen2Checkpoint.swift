// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import JSONReading

/// Qwen2 and 2.5: queries, keys and values have biases.
enum Qwen2Checkpoint: CheckpointFamily {
    static let architecture = Architecture.qwen2
    static let huggingFace = HuggingFaceNames(classes: ["Qwen2ForCausalLM"], derived: windowInUse)

    /// Configurations name a window also where it is switched off, which it is unless they say otherwise; the first
    /// layers see everything also then.
    @Sendable
    static func windowInUse(_ configuration: JSONValue) -> [String: JSONValue] {
        guard configuration["use_sliding_window"]?.boolean ?? false else {
            return ["attention.sliding_window": .null]
        }
        guard configuration["layer_types"] == nil, let count = configuration["num_hidden_layers"]?.count,
            count <= LayerSet.maxLayers
        else { return [:] }
        let first = configuration["max_window_layers"]?.count ?? 28
        return ["attention.sliding_window_pattern": .list((0..<count).map { .boolean($0 >= first) })]
    }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention(needsBiases: true)
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.feedForward()
    }
}
