// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LanguageModels

/// The shape of a checkpoint, read from its settings and compared with its tensors.
struct TransformerCheckpoint {
    /// The checked shape.
    let configuration: ModelConfiguration
    private let family: any CheckpointFamily.Type

    /// Reads the shape and refuses properties that the engine does not compute.
    init(_ source: any CheckpointSource) throws(PackError) {
        family = source.architecture.checkpointFamily
        let metadata = source.metadata
        var shape = try Self.shape(source, normEpsilonKey: family.normEpsilonKey)
        try Self.refuseUnsupported(metadata, family)
        shape.experts = try Self.experts(metadata, normalises: family.normalisesExperts)
        try Self.readScaling(of: &shape, metadata)
        try Self.readWindow(of: &shape, metadata, family)
        shape.segmentKindCount = source.tensors["token_types.weight"]?.rows ?? 0
        try family.configure(&shape, metadata)
        let checked = shape
        try packing(PackError.artefact) { () throws(ArtefactError) in try checked.validate() }
        configuration = checked
    }

    /// Every tensor that the model has, in the order in which it is packed.
    var plans: [TensorPlan] {
        var plans: [TensorPlan] = []
        for layer in 0..<configuration.layerCount {
            var plan = LayerPlan(shape: configuration, layer: layer)
            family.planLayer(&plan)
            plans += plan.tensors
        }
        var plan = ModelPlan(shape: configuration)
        family.planModel(&plan)
        return plans + plan.tensors
    }

    /// What all families have.
    private static func shape(
        _ source: any CheckpointSource, normEpsilonKey: String
    ) throws(PackError) -> ModelConfiguration {
        let metadata = source.metadata
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
        return ModelConfiguration(
            architecture: source.architecture, name: shortened(source.name),
            parameterCount: try source.parameterCount(), layerCount: try metadata.integer("block_count"),
            hiddenSize: hidden, headCount: heads,
            keyValueHeadCount: try metadata.integer("attention.head_count_kv", default: heads), headSize: headSize,
            feedForwardSize: try metadata.integer("feed_forward_length"), vocabularySize: embedding.rows,
            contextLength: try metadata.integer("context_length"),
            ropeBase: Float(try metadata.float("rope.freq_base", default: 10_000)),
            ropeDimensions: try metadata.integer("rope.dimension_count", default: headSize),
            normEpsilon: Float(try metadata.float(normEpsilonKey)))
    }

    /// What would make the model answer wrongly if it were left out.
    private static func refuseUnsupported(
        _ metadata: any FamilyMetadata, _ family: any CheckpointFamily.Type
    ) throws(PackError) {
        let experts = try metadata.integer("expert_count", default: 0)
        if experts > 0, !family.hasExperts {
            throw .unsupportedProperty("\(experts) experts in a model of '\(family.architecture.name)'")
        }
        if try metadata.boolean("attention.causal") == false, !family.architecture.isEncoder {
            throw .unsupportedProperty("attention to later tokens in a model of '\(family.architecture.name)'")
        }
    }

    private static func readScaling(
        of shape: inout ModelConfiguration, _ metadata: any FamilyMetadata
    ) throws(PackError) {
        let rotary = try RotaryScaling(metadata, contextLength: shape.contextLength)
        shape.ropeScale = rotary.scale
        shape.ropeMagnitude = rotary.magnitude
        shape.shortContextLength = rotary.shortContextLength
        shape.scaling.attention = Float(try metadata.float("attention.scale", default: 0))
        shape.scaling.attentionBound = Float(try metadata.float("attn_logit_softcapping", default: 0))
        shape.scaling.logitsBound = Float(try metadata.float("final_logit_softcapping", default: 0))
        shape.pooling = Pooling(ofCheckpoint: try metadata.integer("pooling_type", default: 0))
    }

    private static func experts(
        _ metadata: any FamilyMetadata, normalises: Bool
    ) throws(PackError) -> ExpertShape {
        var experts = ExpertShape()
        experts.count = try metadata.integer("expert_count", default: 0)
        guard experts.count > 0 else { return experts }
        experts.usedCount = try metadata.integer("expert_used_count")
        experts.feedForwardSize = try metadata.integer("expert_feed_forward_length")
        experts.sharedFeedForwardSize = try metadata.integer("expert_shared_feed_forward_length", default: 0)
        experts.normalisesWeights = try metadata.boolean("expert_weights_norm") ?? normalises
        return experts
    }

    /// The window, and the layers that have it: a list, a period of which the last layer sees everything, or as the
    /// family has it. Its layers turn as the others do unless the family says otherwise.
    private static func readWindow(
        of shape: inout ModelConfiguration, _ metadata: any FamilyMetadata, _ family: any CheckpointFamily.Type
    ) throws(PackError) {
        shape.window.ropeBase = shape.ropeBase
        shape.window.ropeScale = shape.ropeScale
        let length = try metadata.integer("attention.sliding_window", default: 0)
        let key = "attention.sliding_window_pattern"
        // Read also where there is no window: it may name kinds of layers that nobody knows here.
        let list = try metadata.flags(ifPresent: key)
        let count = shape.layerCount
        guard length > 0, (1...LayerSet.maxLayers).contains(count) else { return }
        shape.window.length = length
        if let list {
            guard list.count == count else {
                throw .inconsistent("'\(key)' has \(list.count) entries for \(count) layers")
            }
            shape.window.layers = LayerSet(of: count) { list[$0] }
        } else if let period = try metadata.integer(ifPresent: key), period > 0 {
            shape.window.layers = LayerSet(of: count) { $0 % period < period - 1 }
        } else {
            shape.window.layers = LayerSet(of: count) { family.hasWindow(layer: $0) }
        }
    }

    private static func shortened(_ name: String?) -> String {
        var short = name ?? "unnamed"
        while short.utf8.count > ModelConfiguration.longestName { short.removeLast() }
        return short
    }
}

extension Pooling {
    /// The number that GGUF files have; a kind that makes no vector of a text counts as unspecified.
    fileprivate init(ofCheckpoint number: Int) {
        self =
            switch number {
            case 1: .mean
            case 2: .first
            case 3: .last
            default: .unspecified
            }
    }
}
