// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import TestSupport

/// Parts of a checkpoint of one layer and any width, whose matrices are zeros, for tests that bring one of their own.
extension LlamaFile {
    /// Metadata and vocabulary of a model with 300 tokens and heads of 32.
    static func addMetadata(_ builder: inout GGUFBuilder, hidden: Int) {
        builder.add("general.architecture", "llama")
        let counts: [(String, Int)] = [
            ("block_count", 1), ("embedding_length", hidden), ("feed_forward_length", 32),
            ("attention.head_count", hidden / 32), ("attention.head_count_kv", 1), ("context_length", 128),
        ]
        for (key, value) in counts { builder.add("llama." + key, UInt32(value)) }
        builder.add("llama.attention.layer_norm_rms_epsilon", 1e-5 as Float)
        LlamaFile().addVocabulary(&builder)
    }

    /// The layer's tensors and the last norm; norms may be stored as another type.
    static func addLayer(_ builder: inout GGUFBuilder, hidden: Int, normType: TensorType = .f32) {
        func add(_ name: String, _ shape: [Int], _ type: TensorType) {
            let count = shape.reduce(1, *) / type.blockElementCount * type.blockByteCount
            builder.addTensor(
                name, shape.map(UInt64.init), type: type.rawValue, [UInt8](repeating: 0, count: count))
        }
        add("blk.0.attn_norm.weight", [hidden], normType)
        add("blk.0.attn_q.weight", [hidden, hidden], .q4_0)
        add("blk.0.attn_k.weight", [hidden, 32], .q8_0)
        add("blk.0.attn_v.weight", [hidden, 32], .f16)
        add("blk.0.attn_output.weight", [hidden, hidden], .q4_0)
        add("blk.0.ffn_norm.weight", [hidden], .f32)
        add("blk.0.ffn_gate.weight", [hidden, 32], .bf16)
        add("blk.0.ffn_up.weight", [hidden, 32], .f32)
        add("blk.0.ffn_down.weight", [32, hidden], .q8_0)
        add("output_norm.weight", [hidden], .bf16)
    }
}
