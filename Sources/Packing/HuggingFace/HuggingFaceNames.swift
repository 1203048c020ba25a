// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import JSONReading

/// How Hugging Face folders write what a family's GGUF files have. The values here are those that most decoders share; a
/// family's table, in its folder, says what is different.
struct HuggingFaceNames: Sendable {
    /// Entries of `architectures` in `config.json` that are this family.
    var classes: [String]
    /// Left off the beginning of tensors' names, where one of them is there.
    var prefixes = ["model."]
    /// Comes before the number of a layer, behind the prefix.
    var layers = "layers."
    /// GGUF's names of the whole model's tensors, without `.weight` or `.bias`.
    var modelTensors = ["embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"]
    /// GGUF's names of a layer's tensors, without `blk.N.` and without `.weight` or `.bias`. Tensors in whose name a `*`
    /// stands for numbers from 0 on are stacked, as GGUF files have experts: `"mlp.experts.*.up_proj": "ffn_up_exps"`.
    var layerTensors = standardLayer
    /// Where `config.json` has a setting, by GGUF's key: paths of members, the first that is there counts.
    var settings = standardSettings
    /// Settings that are no single member of `config.json`. They count more than those of `settings`; a null means that
    /// the model does not have it.
    var derived: @Sendable (_ configuration: JSONValue) -> [String: JSONValue] = { _ in [:] }
    /// The property of a configuration that is not built in for this family; nil where there is none.
    var unsupported: @Sendable (_ configuration: JSONValue) -> String? = { _ in nil }
    /// What `hidden_act` or `hidden_activation` may be.
    var activations: Set<String> = ["silu"]
    /// Whether embedding and output are one where `config.json` does not say it.
    var tiesEmbeddings = false
    /// What is added to the weights of norms: 1 where the model multiplies by one more than it stores.
    var normAddend: Float = 0
    /// The member of `config.json` that describes the part that writes text, of models that also see or hear.
    var textMember: String?
    /// Beginnings of names of tensors that belong to other parts.
    var otherParts: [String] = []
    /// Ends of names of tensors that follow from the settings and are in old files all the same.
    var ignored = ["rotary_emb.inv_freq"]

    /// A layer as Llama has it, with the biases and head norms that others add.
    static let standardLayer = [
        "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    ]

    /// Settings as most configurations have them.
    static let standardSettings = [
        "block_count": ["num_hidden_layers"], "context_length": ["max_position_embeddings"],
        "embedding_length": ["hidden_size"], "feed_forward_length": ["intermediate_size"],
        "attention.head_count": ["num_attention_heads"], "attention.head_count_kv": ["num_key_value_heads"],
        "attention.key_length": ["head_dim"], "attention.value_length": ["head_dim"],
        "attention.layer_norm_rms_epsilon": ["rms_norm_eps"], "attention.sliding_window": ["sliding_window"],
        "expert_count": ["num_experts", "num_local_experts"], "expert_used_count": ["num_experts_per_tok"],
        "rope.freq_base": ["rope_parameters.rope_theta", "rope_theta"],
        "rope.scaling.type": rotary(["rope_type", "type"]), "rope.scaling.factor": rotary(["factor"]),
        "rope.scaling.original_context_length": ["original_max_position_embeddings"]
            + rotary(["original_max_position_embeddings"]),
        "rope.scaling.yarn_beta_fast": rotary(["beta_fast"]), "rope.scaling.yarn_beta_slow": rotary(["beta_slow"]),
        "attention.sliding_window_pattern": ["layer_types"],
    ]

    /// Paths of a setting of the rotary embedding: in the member of new configurations, then in that of older ones.
    static func rotary(_ names: [String]) -> [String] {
        ["rope_parameters.", "rope_scaling."].flatMap { place in names.map { place + $0 } }
    }
}

extension HuggingFaceNames {
    /// GGUF's name of a tensor, and its place in a stack of them.
    struct Place: Equatable {
        let name: String
        let number: Int?
    }

    /// What a tensor's name ends with, and how GGUF writes it: norms of the first BERTs have gamma and beta.
    private static let parts = [".weight": ".weight", ".bias": ".bias", ".gamma": ".weight", ".beta": ".bias"]

    /// Whether a tensor is none of the model's, or follows from its settings.
    func ignores(_ tensor: String) -> Bool {
        ignored.contains { tensor.hasSuffix($0) } || otherParts.contains { tensor.hasPrefix($0) }
    }

    /// Where a tensor of a folder goes; nil for one that the table does not know.
    func place(of tensor: String) -> Place? {
        guard let dot = tensor.lastIndex(of: "."), let part = Self.parts[String(tensor[dot...])] else { return nil }
        let prefix = prefixes.first { tensor.hasPrefix($0) } ?? ""
        let stem = tensor[..<dot].dropFirst(prefix.count)
        if let name = modelTensors[String(stem)] { return Place(name: name + part, number: nil) }
        guard stem.hasPrefix(layers) else { return nil }
        let rest = stem.dropFirst(layers.count).split(separator: ".", maxSplits: 1)
        guard rest.count == 2, let layer = Self.number(rest[0]) else { return nil }
        guard let inner = layerPlace(of: String(rest[1])) else { return nil }
        return Place(name: "blk.\(layer).\(inner.name)\(part)", number: inner.number)
    }

    /// The folder's name of a tensor for messages; GGUF's where the table has none.
    func folderName(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return name }
        let stem = String(name[..<dot])
        if let known = modelTensors.first(where: { $0.value == stem }) {
            return (known.key == "lm_head" ? "" : prefixes.first ?? "") + known.key + name[dot...]
        }
        let parts = stem.split(separator: ".", maxSplits: 2)
        guard parts.count == 3, let known = layerTensors.first(where: { $0.value == parts[2] }) else { return name }
        return "\(prefixes.first ?? "")\(layers)\(parts[1]).\(known.key)\(name[dot...])"
    }

    private func layerPlace(of stem: String) -> Place? {
        if let name = layerTensors[stem] { return Place(name: name, number: nil) }
        let parts = stem.split(separator: ".")
        for (index, part) in parts.enumerated() {
            guard let number = Self.number(part) else { continue }
            let pattern = (parts[..<index] + ["*"] + parts[(index + 1)...]).joined(separator: ".")
            return layerTensors[pattern].map { Place(name: $0, number: number) }
        }
        return nil
    }

    /// A number as names have it: digits, no sign, no zeros before it.
    private static func number(_ text: Substring) -> Int? {
        guard let number = Int(text), number >= 0, String(number) == text else { return nil }
        return number
    }
}
