// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import JSONReading

/// nomic-bert: BERT that turns heads, with a gate and without most biases. Two kinds of configurations are around: that
/// of transformers and an older one with GPT's names.
enum NomicBERTCheckpoint: CheckpointFamily {
    static let architecture = Architecture.nomicBERT
    static let normEpsilonKey = "attention.layer_norm_epsilon"
    static let huggingFace = HuggingFaceNames(
        classes: ["NomicBertModel"], prefixes: ["nomic_bert.", "bert."], layers: "encoder.layers.",
        modelTensors: [
            "embeddings.word_embeddings": "token_embd", "embeddings.token_type_embeddings": "token_types",
            "emb_ln": "token_embd_norm",
        ],
        layerTensors: [
            "attn.Wqkv": "attn_qkv", "attn.out_proj": "attn_output", "norm1": "attn_output_norm",
            "mlp.fc11": "ffn_up", "mlp.fc12": "ffn_gate", "mlp.fc2": "ffn_down", "norm2": "layer_output_norm",
        ],
        settings: settingNames, derived: places, activations: ["silu", "swiglu"],
        ignored: ["rotary_emb.inv_freq", "embeddings.position_ids"])

    private static let settingNames = [
        "block_count": ["num_hidden_layers", "n_layer"], "embedding_length": ["hidden_size", "n_embd"],
        "context_length": ["max_position_embeddings", "max_trained_positions", "n_positions"],
        "feed_forward_length": ["intermediate_size", "n_inner"],
        "attention.head_count": ["num_attention_heads", "n_head"], "attention.key_length": ["head_dim"],
        normEpsilonKey: ["layer_norm_eps", "layer_norm_epsilon"],
        "rope.freq_base": ["rope_parameters.rope_theta", "rotary_emb_base"],
        "rope.scaling.type": ["rope_parameters.rope_type"], "rope.scaling.factor": ["rope_parameters.factor"],
        normsFirst: ["prenorm"], "expert_count": ["num_experts"],
    ]

    /// Whether norms stand before the branches, which no released model has.
    private static let normsFirst = "norms_first"

    /// How much of a head turns; older configurations have a share.
    @Sendable
    private static func places(_ configuration: JSONValue) -> [String: JSONValue] {
        guard let share = configuration["rotary_emb_fraction"]?.number, let width = configuration["n_embd"]?.number,
            let heads = configuration["n_head"]?.number, heads > 0
        else { return [:] }
        return ["rope.dimension_count": .fraction((width / heads * share).rounded(.down))]
    }

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {
        if shape.pooling == .unspecified { shape.pooling = .mean }
        if try metadata.boolean(normsFirst) ?? false {
            throw .unsupportedProperty("norms before the branches of nomic-bert")
        }
    }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.joinedAttention()
        plan.norm("attn_output_norm", .attentionPostNorm, bias: .attentionPostNormBias)
        plan.feedForward()
        plan.norm("layer_output_norm", .feedForwardPostNorm, bias: .feedForwardPostNormBias)
    }

    static func planModel(_ plan: inout ModelPlan) {
        if plan.shape.segmentKindCount > 0 {
            plan.table("token_types", .segmentEmbedding, rows: plan.shape.segmentKindCount)
        }
        plan.embeddingNorm()
        plan.embeddings(hasOutput: false)
    }
}
