// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// BERT and the many embedding models that are built like it.
enum BERTCheckpoint: CheckpointFamily {
    static let architecture = Architecture.bert
    static let normEpsilonKey = "attention.layer_norm_epsilon"
    static let huggingFace = HuggingFaceNames(
        classes: ["BertModel", "BertForMaskedLM"], prefixes: ["bert."], layers: "encoder.layer.",
        modelTensors: [
            "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
            "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
        ],
        layerTensors: [
            "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
            "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
            "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
        ],
        settings: HuggingFaceNames.standardSettings.merging([
            normEpsilonKey: ["layer_norm_eps"], positions: [positions], "attention.head_count_kv": [],
        ]) { $1 },
        activations: ["gelu"],
        // The pooler and the head belong to tasks that the embedding does not have.
        ignored: [
            "embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias", "cls.predictions.bias",
            "cls.predictions.transform.dense.weight", "cls.predictions.transform.dense.bias",
            "cls.predictions.transform.LayerNorm.weight", "cls.predictions.transform.LayerNorm.bias",
            "cls.predictions.transform.LayerNorm.gamma", "cls.predictions.transform.LayerNorm.beta",
            "cls.predictions.decoder.weight", "cls.predictions.decoder.bias", "cls.seq_relationship.weight",
            "cls.seq_relationship.bias",
        ])

    private static let positions = "position_embedding_type"

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {
        if shape.pooling == .unspecified { shape.pooling = .mean }
        if let kind = try metadata.string(positions), kind != "absolute" {
            throw .unsupportedProperty("positions of the kind '\(kind)'")
        }
        shape.ropeDimensions = 0
    }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.attention(needsBiases: true)
        plan.norm("attn_output_norm", .attentionPostNorm, bias: .attentionPostNormBias)
        plan.plainFeedForward()
        plan.norm("layer_output_norm", .feedForwardPostNorm, bias: .feedForwardPostNormBias)
    }

    static func planModel(_ plan: inout ModelPlan) {
        plan.table("position_embd", .positionEmbedding, rows: plan.shape.contextLength)
        if plan.shape.segmentKindCount > 0 {
            plan.table("token_types", .segmentEmbedding, rows: plan.shape.segmentKindCount)
        }
        plan.embeddingNorm()
        plan.embeddings(hasOutput: false)
    }
}
