// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// The norms of Qwen3's heads.
enum Qwen3Tensors: DecoderTensors {
    static let huggingFace = HuggingFaceNames(classes: ["Qwen3ForCausalLM"], derived: Qwen2Tensors.windowInUse)

    static func additions(_ shape: ModelConfiguration, layer: Int) -> [TensorPlan] {
        let parts: [(String, TensorRole)] = [
            ("attn_q_norm", .attentionQueryNorm), ("attn_k_norm", .attentionKeyNorm),
        ]
        return parts.map { name, role in
            TensorPlan(name: "blk.\(layer).\(name).weight", role: role, layer: layer, columns: shape.headSize)
        }
    }
}
