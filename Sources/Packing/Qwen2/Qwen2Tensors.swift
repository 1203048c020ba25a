// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints
internal import JSONReading

/// The biases of Qwen2's projections.
enum Qwen2Tensors: DecoderTensors {
    static let huggingFace = HuggingFaceNames(classes: ["Qwen2ForCausalLM"], derived: windowInUse)

    /// Configurations name a window also where it is switched off, which it is unless they say otherwise.
    @Sendable
    static func windowInUse(_ configuration: JSONValue) -> [String: JSONValue] {
        configuration["use_sliding_window"]?.boolean ?? false ? [:] : ["attention.sliding_window": .null]
    }

    static func additions(_ shape: ModelConfiguration, layer: Int) -> [TensorPlan] {
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        let parts: [(String, TensorRole, Int)] = [
            ("attn_q", .attentionQueryBias, queries), ("attn_k", .attentionKeyBias, keys),
            ("attn_v", .attentionValueBias, keys),
        ]
        return parts.map { name, role, count in
            TensorPlan(name: "blk.\(layer).\(name).bias", role: role, layer: layer, columns: count)
        }
    }
}
