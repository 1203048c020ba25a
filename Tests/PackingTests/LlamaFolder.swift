// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// The model of `LlamaFile` as a folder of Hugging Face, in two safetensors files, with heads that turn their halves.
struct LlamaFolder {
    /// What is added to `config.json`, or written instead of a member.
    var configuration: [String: String] = [:]
    /// Tensors to leave out, by name.
    var withoutTensors: Set<String> = []
    /// Changes the files before they are bundled.
    var change: (inout [String: [UInt8]]) -> Void = { _ in }

    private static let layer = [
        ("attn_norm", "input_layernorm", [8]), ("attn_q", "self_attn.q_proj", [8, 8]),
        ("attn_k", "self_attn.k_proj", [8, 4]), ("attn_v", "self_attn.v_proj", [8, 4]),
        ("attn_output", "self_attn.o_proj", [8, 8]), ("ffn_norm", "post_attention_layernorm", [8]),
        ("ffn_gate", "mlp.gate_proj", [8, 12]), ("ffn_up", "mlp.up_proj", [8, 12]),
        ("ffn_down", "mlp.down_proj", [12, 8]),
    ]

    /// The folder as the packer gets it.
    func bytes() throws -> [UInt8] {
        var folder = FolderBuilder()
        folder.files = files()
        change(&folder.files)
        return try folder.bundle()
    }

    private func files() -> [String: [UInt8]] {
        var (first, second) = (SafetensorsBuilder(), SafetensorsBuilder())
        var map: [String] = []
        func add(_ name: String, _ ggufName: String, _ shape: [Int], _ file: inout SafetensorsBuilder, _ number: Int) {
            guard !withoutTensors.contains(name) else { return }
            let isVector = shape.count == 1
            let bytes = Self.numbers(ggufName, shape).flatMap { number in
                isVector ? GGUFBuilder.bytes(number.bitPattern) : GGUFBuilder.bytes(Float16(number).bitPattern)
            }
            file.add(name, isVector ? "F32" : "F16", shape.reversed(), bytes)
            map.append("\"\(name)\":\"model-0000\(number)-of-00002.safetensors\"")
        }
        add("model.embed_tokens.weight", "token_embd.weight", [8, LlamaFile.tokenCount], &first, 1)
        for layer in 0..<LlamaFile.layers {
            for (ours, theirs, shape) in Self.layer {
                let name = "model.layers.\(layer).\(theirs).weight"
                if layer == 0 {
                    add(name, "blk.\(layer).\(ours).weight", shape, &first, 1)
                } else {
                    add(name, "blk.\(layer).\(ours).weight", shape, &second, 2)
                }
            }
        }
        add("model.norm.weight", "output_norm.weight", [8], &second, 2)
        add("lm_head.weight", "output.weight", [8, LlamaFile.tokenCount], &second, 2)
        return [
            "config.json": Array(configurationText.utf8), "model-00001-of-00002.safetensors": first.file(),
            "model-00002-of-00002.safetensors": second.file(), "tokenizer.json": Array(Self.tokenizer.utf8),
            "model.safetensors.index.json": Array("{\"weight_map\":{\(map.joined(separator: ","))}}".utf8),
            "generation_config.json": Array(#"{"eos_token_id":[298]}"#.utf8),
            "chat_template.jinja": Array("{% for m in messages %}[{{ m.content }}]{% endfor %}".utf8),
        ]
    }

    private var configurationText: String {
        let members = [
            "architectures": #"["LlamaForCausalLM"]"#, "num_hidden_layers": "2", "hidden_size": "8",
            "intermediate_size": "12", "num_attention_heads": "2", "num_key_value_heads": "1",
            "max_position_embeddings": "128", "rms_norm_eps": "1e-5", "rope_theta": "5000", "hidden_act": "\"silu\"",
            "_name_or_path": #""models/Tiny \"one\"""#,
        ].merging(configuration) { _, new in new }
        return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    /// The numbers of the GGUF file, with the rows of heads of 4 from adjacent pairs to halves.
    private static func numbers(_ name: String, _ shape: [Int]) -> [Float] {
        let numbers = LlamaFile.numbers(name, shape.reduce(1, *))
        guard name.contains("attn_q.") || name.contains("attn_k.") else { return numbers }
        let columns = shape[0]
        return (0..<shape[1]).flatMap { row -> ArraySlice<Float> in
            let source = row / 4 * 4 + [0, 2, 1, 3][row % 4]
            return numbers[source * columns..<(source + 1) * columns]
        }
    }

    /// The vocabulary of the GGUF file. Tokens that it does not use are left out.
    private static var tokenizer: String {
        func quoted(_ text: String) -> String {
            let scalars = text.unicodeScalars.map { scalar in
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            return "\"\(scalars.joined())\""
        }
        let tokens = LlamaFile.tokens.prefix(261).enumerated().map { "\(quoted($1)):\($0)" }.joined(separator: ",")
        let added = (297..<300).map {
            #"{"id":\#($0),"content":\#(quoted(LlamaFile.tokens[$0])),"special":true}"#
        }.joined(separator: ",")
        let split = quoted(
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
                + #"|\s+(?!\S)|\s+"#)
        return """
            {"added_tokens":[\(added)],"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split",
            "pattern":{"Regex":\(split)},"behavior":"Isolated","invert":false},{"type":"ByteLevel",
            "add_prefix_space":false,"use_regex":false}]},"model":{"type":"BPE","vocab":{\(tokens)},
            "merges":["h e","l l","he ll","hell o","\\u0120 hello"]}}
            """
    }
}
