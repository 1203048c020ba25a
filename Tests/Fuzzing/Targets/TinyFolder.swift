// SPDX-License-Identifier: Apache-2.0
internal import TestSupport

/// All files of a model in a folder but `config.json`: one layer of width 8, two heads, 12 tokens.
enum TinyFolder {
    static let files: [String: [UInt8]] = [
        "model.safetensors": weights, "tokenizer.json": Array(tokenizer.utf8),
        "generation_config.json": Array(#"{"eos_token_id": 11}"#.utf8),
    ]

    private static let weights: [UInt8] = {
        var file = SafetensorsBuilder()
        func add(_ name: String, _ shape: [Int]) {
            let count = shape.reduce(1, *)
            file.add(
                name + ".weight", "F32", shape, (0..<count).flatMap { GGUFBuilder.bytes(Float($0 % 7).bitPattern) })
        }
        add("model.embed_tokens", [12, 8])
        let layer = "model.layers.0."
        for name in ["input_layernorm", "post_attention_layernorm"] { add(layer + name, [8]) }
        for name in ["q", "o"] { add("\(layer)self_attn.\(name)_proj", [8, 8]) }
        for name in ["k", "v"] { add("\(layer)self_attn.\(name)_proj", [4, 8]) }
        for name in ["gate", "up"] { add("\(layer)mlp.\(name)_proj", [12, 8]) }
        add(layer + "mlp.down_proj", [8, 12])
        add("model.norm", [8])
        return file.file()
    }()

    private static let tokenizer = #"""
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", "ab c"]},
        "added_tokens": [{"id": 11, "content": "<|end|>", "special": true}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}}
        """#
}
