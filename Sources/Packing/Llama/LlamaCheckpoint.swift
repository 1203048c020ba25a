// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints

/// A Llama checkpoint's shape, read from the metadata of its GGUF file and compared with its tensors.
struct LlamaCheckpoint {
    /// The checked shape.
    let configuration: ModelConfiguration

    /// Reads the shape and refuses properties that the engine does not compute.
    init(_ file: GGUFFile) throws(PackError) {
        let metadata = file.metadata
        try Self.refuseUnsupported(metadata)
        let hidden = try Self.integer(metadata, "llama.embedding_length")
        let heads = try Self.integer(metadata, "llama.attention.head_count")
        guard heads > 0, hidden > 0, hidden <= 1 << 20 else {
            throw .inconsistent("it has \(heads) attention heads and width \(hidden)")
        }
        let headSize = try Self.integer(metadata, "llama.attention.key_length", default: hidden / heads)
        guard try Self.integer(metadata, "llama.attention.value_length", default: headSize) == headSize else {
            throw .unsupportedProperty("keys and values of different sizes")
        }
        guard let embedding = file.tensor(named: "token_embd.weight") else {
            throw .missingTensor("token_embd.weight")
        }
        configuration = ModelConfiguration(
            architecture: .llama, name: try Self.name(metadata), parameterCount: try Self.parameterCount(file),
            layerCount: try Self.integer(metadata, "llama.block_count"), hiddenSize: hidden, headCount: heads,
            keyValueHeadCount: try Self.integer(metadata, "llama.attention.head_count_kv", default: heads),
            headSize: headSize, feedForwardSize: try Self.integer(metadata, "llama.feed_forward_length"),
            vocabularySize: embedding.rows, contextLength: try Self.integer(metadata, "llama.context_length"),
            ropeBase: Float(try Self.float(metadata, "llama.rope.freq_base", default: 10_000)),
            ropeDimensions: try Self.integer(metadata, "llama.rope.dimension_count", default: headSize),
            normEpsilon: Float(try Self.float(metadata, "llama.attention.layer_norm_rms_epsilon")))
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
            vector("ffn_norm", .feedForwardNorm)
            matrix("ffn_gate", .feedForwardGate, shape.feedForwardSize, shape.hiddenSize)
            matrix("ffn_up", .feedForwardUp, shape.feedForwardSize, shape.hiddenSize)
            matrix("ffn_down", .feedForwardDown, shape.hiddenSize, shape.feedForwardSize)
        }
        plans.append(TensorPlan(name: "output_norm.weight", role: .outputNorm, columns: shape.hiddenSize))
        for (name, role) in [("token_embd.weight", TensorRole.tokenEmbedding), ("output.weight", .output)] {
            plans.append(
                TensorPlan(
                    name: name, role: role, rows: shape.vocabularySize, columns: shape.hiddenSize,
                    isOptional: role == .output))
        }
        return plans
    }

    private static func refuseUnsupported(_ metadata: GGUFMetadata) throws(PackError) {
        let scaling = try packing(PackError.checkpoint) { () throws(CheckpointError) in
            try metadata.string("llama.rope.scaling.type")
        }
        if let scaling, scaling != "none" { throw .unsupportedProperty("rotary scaling '\(scaling)'") }
        let experts = try integer(metadata, "llama.expert_count", default: 0)
        if experts > 0 { throw .unsupportedProperty("\(experts) experts") }
    }

    private static func name(_ metadata: GGUFMetadata) throws(PackError) -> String {
        let name = try packing(PackError.checkpoint) { () throws(CheckpointError) in
            try metadata.string("general.name")
        }
        var short = name ?? "unnamed"
        while short.utf8.count > ModelConfiguration.longestName { short.removeLast() }
        return short
    }

    private static func parameterCount(_ file: GGUFFile) throws(PackError) -> UInt64 {
        var count: UInt64 = 0
        for tensor in file.tensors {
            let (sum, overflow) = count.addingReportingOverflow(UInt64(tensor.elementCount))
            guard !overflow else { throw .inconsistent("its tensors are larger than any memory") }
            count = sum
        }
        return count
    }

    private static func integer(
        _ metadata: GGUFMetadata, _ key: String, default missing: Int? = nil
    ) throws(PackError) -> Int {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let value = try metadata.integer(key) ?? missing else { throw .missingMetadata(key: key) }
            return value
        }
    }

    private static func float(
        _ metadata: GGUFMetadata, _ key: String, default missing: Double? = nil
    ) throws(PackError) -> Double {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let value = try metadata.float(key) ?? missing else { throw .missingMetadata(key: key) }
            return value
        }
    }
}
