// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Collects the tensors of one layer, part by part; GGUF's names.
struct LayerPlan {
    let shape: ModelConfiguration
    let layer: Int
    /// What was collected.
    private(set) var tensors: [TensorPlan] = []

    private var hidden: Int { shape.hiddenSize }
    private var queries: Int { shape.headCount * shape.headSize }
    private var keys: Int { shape.keyValueHeadCount * shape.headSize }

    /// An empty plan.
    init(shape: ModelConfiguration, layer: Int) {
        self.shape = shape
        self.layer = layer
    }

    /// A norm over the residual's width; `bias` where it takes the mean away as well.
    mutating func norm(_ name: String, _ role: TensorRole, bias: TensorRole? = nil) {
        vector(name + ".weight", role, hidden)
        if let bias { vector(name + ".bias", bias, hidden) }
    }

    /// Queries, keys, values and output, each a matrix.
    mutating func attention(needsBiases: Bool = false) {
        matrix("attn_q", .attentionQuery, bias: .attentionQueryBias, queries, hidden, needsBias: needsBiases)
        matrix("attn_k", .attentionKey, bias: .attentionKeyBias, keys, hidden, needsBias: needsBiases)
        matrix("attn_v", .attentionValue, bias: .attentionValueBias, keys, hidden, needsBias: needsBiases)
        matrix("attn_output", .attentionOutput, bias: .attentionOutputBias, hidden, queries)
    }

    /// The same with queries, keys and values in one matrix.
    mutating func joinedAttention() {
        let all = queries + 2 * keys
        cut("attn_qkv", .attentionQuery, 0, queries, of: all)
        cut("attn_qkv", .attentionKey, queries, keys, of: all)
        cut("attn_qkv", .attentionValue, queries + keys, keys, of: all)
        matrix("attn_output", .attentionOutput, bias: .attentionOutputBias, hidden, queries)
    }

    /// Norms of each head of queries and of keys, or of all heads together.
    mutating func headNorms(together: Bool = false) {
        vector("attn_q_norm.weight", .attentionQueryNorm, together ? queries : shape.headSize)
        vector("attn_k_norm.weight", .attentionKeyNorm, together ? keys : shape.headSize)
    }

    /// Gate, up and down, each a matrix.
    mutating func feedForward() {
        matrix("ffn_gate", .feedForwardGate, bias: .feedForwardGateBias, shape.feedForwardSize, hidden)
        plainFeedForward()
    }

    /// Up and down without a gate.
    mutating func plainFeedForward() {
        matrix("ffn_up", .feedForwardUp, bias: .feedForwardUpBias, shape.feedForwardSize, hidden)
        matrix("ffn_down", .feedForwardDown, bias: .feedForwardDownBias, hidden, shape.feedForwardSize)
    }

    /// Gate and up in one matrix, and down.
    mutating func joinedFeedForward() {
        let wide = shape.feedForwardSize
        cut("ffn_up", .feedForwardGate, 0, wide, of: 2 * wide)
        cut("ffn_up", .feedForwardUp, wide, wide, of: 2 * wide)
        matrix("ffn_down", .feedForwardDown, bias: .feedForwardDownBias, hidden, wide)
    }

    /// The router, the experts' matrices, and those of a shared expert.
    mutating func experts() {
        let experts = shape.experts
        matrix("ffn_gate_inp", .expertRouter, bias: nil, experts.count, hidden)
        stack("ffn_gate_exps", .expertGate, experts.feedForwardSize, hidden)
        stack("ffn_up_exps", .expertUp, experts.feedForwardSize, hidden)
        stack("ffn_down_exps", .expertDown, hidden, experts.feedForwardSize)
        guard experts.sharedFeedForwardSize > 0 else { return }
        matrix("ffn_gate_inp_shexp", .sharedExpertRouter, bias: nil, 1, hidden)
        matrix("ffn_gate_shexp", .feedForwardGate, bias: nil, experts.sharedFeedForwardSize, hidden)
        matrix("ffn_up_shexp", .feedForwardUp, bias: nil, experts.sharedFeedForwardSize, hidden)
        matrix("ffn_down_shexp", .feedForwardDown, bias: nil, hidden, experts.sharedFeedForwardSize)
    }

    private mutating func vector(_ name: String, _ role: TensorRole, _ count: Int, isOptional: Bool = false) {
        tensors.append(
            TensorPlan(
                name: "blk.\(layer).\(name)", role: role, layer: layer, columns: count, isOptional: isOptional))
    }

    private mutating func matrix(
        _ name: String, _ role: TensorRole, bias: TensorRole?, _ rows: Int, _ columns: Int, needsBias: Bool = false
    ) {
        tensors.append(
            TensorPlan(name: "blk.\(layer).\(name).weight", role: role, layer: layer, rows: rows, columns: columns))
        if let bias { vector(name + ".bias", bias, rows, isOptional: !needsBias) }
    }

    private mutating func cut(_ name: String, _ role: TensorRole, _ start: Int, _ rows: Int, of count: Int) {
        tensors.append(
            TensorPlan(
                name: "blk.\(layer).\(name).weight", role: role, layer: layer, rows: rows, columns: hidden,
                cut: TensorPlan.Cut(start: start, count: count)))
    }

    private mutating func stack(_ name: String, _ role: TensorRole, _ rows: Int, _ columns: Int) {
        tensors.append(
            TensorPlan(
                name: "blk.\(layer).\(name).weight", role: role, layer: layer, rows: rows, columns: columns,
                stackCount: shape.experts.count))
    }
}

/// Collects the tensors outside the layers.
struct ModelPlan {
    let shape: ModelConfiguration
    /// What was collected.
    private(set) var tensors: [TensorPlan] = []

    /// An empty plan.
    init(shape: ModelConfiguration) {
        self.shape = shape
    }

    /// The norm behind the last layer.
    mutating func outputNorm() {
        tensors.append(TensorPlan(name: "output_norm.weight", role: .outputNorm, columns: shape.hiddenSize))
    }

    /// What the frequencies of rotated pairs are divided by; most models have nothing of the kind, some have other
    /// factors for long texts.
    mutating func ropeFactors() {
        guard shape.ropeDimensions > 0 else { return }
        let parts: [(String, TensorRole)] =
            shape.shortContextLength > 0
            ? [("rope_factors_short", .ropeFactors), ("rope_factors_long", .longRopeFactors)]
            : [("rope_freqs", .ropeFactors)]
        for (name, role) in parts {
            tensors.append(
                TensorPlan(name: name + ".weight", role: role, columns: shape.ropeDimensions / 2, isOptional: true))
        }
    }

    /// The embedding, and the output matrix where it is another one: last, since the first may serve as both.
    mutating func embeddings(hasOutput: Bool = true) {
        table("token_embd", .tokenEmbedding, rows: shape.vocabularySize)
        if hasOutput { table("output", .output, rows: shape.vocabularySize, isOptional: true) }
    }

    /// A matrix of rows that are looked up.
    mutating func table(_ name: String, _ role: TensorRole, rows: Int, isOptional: Bool = false) {
        tensors.append(
            TensorPlan(
                name: name + ".weight", role: role, rows: rows, columns: shape.hiddenSize, isOptional: isOptional))
    }

    /// A norm of the embeddings.
    mutating func embeddingNorm() {
        for (ending, role) in [("weight", TensorRole.embeddingNorm), ("bias", .embeddingNormBias)] {
            tensors.append(TensorPlan(name: "token_embd_norm.\(ending)", role: role, columns: shape.hiddenSize))
        }
    }
}
