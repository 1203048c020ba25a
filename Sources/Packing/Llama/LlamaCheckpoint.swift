// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// The shape of a checkpoint of Llama or of a family that refines its layers, read from its settings and
/// compared with its tensors.
struct LlamaCheckpoint {
    /// The checked shape.
    let configuration: ModelConfiguration

    /// Reads the shape and refuses properties that the engine does not compute.
    init(_ source: any CheckpointSource) throws(PackError) {
        let metadata = source.metadata
        let context = try metadata.integer("context_length")
        try Self.refuseUnsupported(metadata, contextLength: context)
        let hidden = try metadata.integer("embedding_length")
        let heads = try metadata.integer("attention.head_count")
        guard heads > 0, hidden > 0, hidden <= 1 << 20 else {
            throw .inconsistent("it has \(heads) attention heads and width \(hidden)")
        }
        let headSize = try metadata.integer("attention.key_length", default: hidden / heads)
        guard try metadata.integer("attention.value_length", default: headSize) == headSize else {
            throw .unsupportedProperty("keys and values of different sizes")
        }
        guard let embedding = source.tensors["token_embd.weight"] else {
            throw source.missingTensor("token_embd.weight")
        }
        configuration = ModelConfiguration(
            architecture: source.architecture, name: Self.shortened(source.name),
            parameterCount: try source.parameterCount(), layerCount: try metadata.integer("block_count"),
            hiddenSize: hidden, headCount: heads,
            keyValueHeadCount: try metadata.integer("attention.head_count_kv", default: heads), headSize: headSize,
            feedForwardSize: try metadata.integer("feed_forward_length"), vocabularySize: embedding.rows,
            contextLength: context, ropeBase: Float(try metadata.float("rope.freq_base", default: 10_000)),
            ropeDimensions: try metadata.integer("rope.dimension_count", default: headSize),
            normEpsilon: Float(try metadata.float("attention.layer_norm_rms_epsilon")),
            ropeScale: try RotaryScaling(metadata).scale)
        try packing(PackError.artefact) { () throws(ArtefactError) in try configuration.validate() }
    }

    /// Every tensor that the model has, in the order in which it is packed. The embedding comes last but one, since
    /// it may serve as output too.
    var plans: [TensorPlan] {
        let shape = configuration
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        var plans: [TensorPlan] = []
        for layer in 0..<shape.layerCount {
            func vector(_ name: String, _ role: TensorRole) {
                plans.append(
                    TensorPlan(name: "blk.\(layer).\(name).weight", role: role, layer: layer, columns: shape.hiddenSize)
                )
            }
            func matrix(_ name: String, _ role: TensorRole, _ rows: Int, _ columns: Int) {
                plans.append(
                    TensorPlan(
                        name: "blk.\(layer).\(name).weight", role: role, layer: layer, rows: rows, columns: columns))
            }
            vector("attn_norm", .attentionNorm)
            matrix("attn_q", .attentionQuery, queries, shape.hiddenSize)
            matrix("attn_k", .attentionKey, keys, shape.hiddenSize)
            matrix("attn_v", .attentionValue, keys, shape.hiddenSize)
            matrix("attn_output", .attentionOutput, shape.hiddenSize, queries)
            plans += shape.architecture.tensors.additions(shape, layer: layer)
            vector("ffn_norm", .feedForwardNorm)
            matrix("ffn_gate", .feedForwardGate, shape.feedForwardSize, shape.hiddenSize)
            matrix("ffn_up", .feedForwardUp, shape.feedForwardSize, shape.hiddenSize)
            matrix("ffn_down", .feedForwardDown, shape.hiddenSize, shape.feedForwardSize)
        }
        plans.append(TensorPlan(name: "output_norm.weight", role: .outputNorm, columns: shape.hiddenSize))
        if shape.ropeDimensions > 0 {
            plans.append(
                TensorPlan(
                    name: "rope_freqs.weight", role: .ropeFactors, columns: shape.ropeDimensions / 2, isOptional: true))
        }
        for (name, role) in [("token_embd.weight", TensorRole.tokenEmbedding), ("output.weight", .output)] {
            plans.append(
                TensorPlan(
                    name: name, role: role, rows: shape.vocabularySize, columns: shape.hiddenSize,
                    isOptional: role == .output))
        }
        return plans
    }

    private static func refuseUnsupported(_ metadata: any FamilyMetadata, contextLength: Int) throws(PackError) {
        let experts = try metadata.integer("expert_count", default: 0)
        if experts > 0 { throw .unsupportedProperty("\(experts) experts") }
        let window = try metadata.integer("attention.sliding_window", default: 0)
        if window > 0, window < contextLength {
            throw .unsupportedProperty("a sliding window of \(window) positions")
        }
    }

    private static func shortened(_ name: String?) -> String {
        var short = name ?? "unnamed"
        while short.utf8.count > ModelConfiguration.longestName { short.removeLast() }
        return short
    }
}
