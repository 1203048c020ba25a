// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// The biases of Qwen2's projections.
enum Qwen2Tensors: DecoderTensors {
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
