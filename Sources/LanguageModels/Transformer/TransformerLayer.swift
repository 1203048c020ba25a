// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The weights of one layer, and what its attention sees.
struct TransformerLayer {
    /// Which of a token's RoPE angles a layer uses.
    enum RoPE {
        case none, usual, windowed
    }

    let attentionNorm: NormWeights?  // [hidden]
    let query: Projection  // [heads * headSize][hidden]
    let key: Projection  // [keyValueHeads * headSize][hidden]
    let value: Projection  // [keyValueHeads * headSize][hidden]
    let queryNorm: UnsafePointer<Float>?  // [headSize], or all heads together
    let keyNorm: UnsafePointer<Float>?  // likewise
    let attentionOutput: Projection  // [hidden][heads * headSize]
    let attentionPostNorm: NormWeights?  // [hidden]
    let feedForwardNorm: NormWeights?  // [hidden]
    let feedForward: FeedForward?
    let experts: ExpertLayer?
    let feedForwardPostNorm: NormWeights?  // [hidden]
    let rope: RoPE
    /// Positions that a token sees, itself among them; 0 = all.
    let window: Int

    /// Finds the tensors of a layer.
    init(artefact: Artefact, layer: Int, design: TransformerDesign) throws(LanguageModelError) {
        let shape = artefact.configuration
        let hidden = shape.hiddenSize
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        func norm(_ role: TensorRole, _ bias: TensorRole, if isThere: Bool) throws(LanguageModelError) -> NormWeights? {
            isThere ? try artefact.norm(role, bias: bias, layer: layer, count: hidden, design) : nil
        }
        func input(_ role: TensorRole, _ bias: TensorRole, _ rows: Int) throws(LanguageModelError) -> Projection {
            try artefact.projection(
                role, bias: bias, layer: layer, rows: rows, columns: hidden, needsBias: design.needsAttentionBiases)
        }
        func headNorm(_ role: TensorRole, all: Int) throws(LanguageModelError) -> UnsafePointer<Float>? {
            switch design.headNorms {
            case .none: nil
            case .each: try artefact.vector(role, layer: layer, count: shape.headSize)
            case .together: try artefact.vector(role, layer: layer, count: all)
            }
        }
        attentionNorm = try norm(.attentionNorm, .attentionNormBias, if: design.norms.hasBefore)
        query = try input(.attentionQuery, .attentionQueryBias, queries)
        key = try input(.attentionKey, .attentionKeyBias, keys)
        value = try input(.attentionValue, .attentionValueBias, keys)
        queryNorm = try headNorm(.attentionQueryNorm, all: queries)
        keyNorm = try headNorm(.attentionKeyNorm, all: keys)
        attentionOutput = try artefact.projection(
            .attentionOutput, bias: .attentionOutputBias, layer: layer, rows: hidden, columns: queries)
        attentionPostNorm = try norm(.attentionPostNorm, .attentionPostNormBias, if: design.norms.hasAfter)
        feedForwardNorm = try norm(.feedForwardNorm, .feedForwardNormBias, if: design.norms.hasBefore)
        let hasExperts = shape.experts.count > 0 && artefact.tensor(.expertRouter, layer: layer) != nil
        experts = hasExperts ? try ExpertLayer(artefact: artefact, layer: layer) : nil
        feedForward = try FeedForward(artefact: artefact, layer: layer, design: design, besideExperts: hasExperts)
        feedForwardPostNorm = try norm(.feedForwardPostNorm, .feedForwardPostNormBias, if: design.norms.hasAfter)
        let hasWindow = shape.window.length > 0 && shape.window.layers.contains(layer)
        window = hasWindow ? shape.window.length : 0
        rope =
            shape.unrotatedLayers.contains(layer) || shape.ropeDimensions == 0 ? .none : hasWindow ? .windowed : .usual
    }

    /// Every matrix that is multiplied with the normed residual.
    var inputMatrices: [flow_matrix] {
        [query.matrix, key.matrix, value.matrix]
            + (feedForward.map { [$0.up.matrix] + ($0.gate.map { [$0.matrix] } ?? []) } ?? [])
            + (experts.map { [$0.router] + ($0.sharedRouter.map { [$0] } ?? []) } ?? [])
    }
}

/// The matrices of a feed-forward layer.
struct FeedForward {
    let gate: Projection?  // [width][hidden]
    let up: Projection  // [width][hidden]
    let down: Projection  // [hidden][width]
    let width: Int

    /// Finds them; nil for a layer whose experts have no such layer beside them.
    init?(
        artefact: Artefact, layer: Int, design: TransformerDesign, besideExperts: Bool
    ) throws(LanguageModelError) {
        let shape = artefact.configuration
        let wide = besideExperts ? shape.experts.sharedFeedForwardSize : shape.feedForwardSize
        guard wide > 0 else { return nil }
        width = wide
        func input(_ role: TensorRole, _ bias: TensorRole) throws(LanguageModelError) -> Projection {
            try artefact.projection(role, bias: bias, layer: layer, rows: wide, columns: shape.hiddenSize)
        }
        gate = design.gatesFeedForward ? try input(.feedForwardGate, .feedForwardGateBias) : nil
        up = try input(.feedForwardUp, .feedForwardUpBias)
        down = try artefact.projection(
            .feedForwardDown, bias: .feedForwardDownBias, layer: layer, rows: shape.hiddenSize, columns: wide)
    }
}

/// The experts of a layer, and what chooses among them.
struct ExpertLayer {
    let router: flow_matrix  // [experts][hidden]
    let gate: ExpertMatrices  // each [expertFeedForward][hidden]
    let up: ExpertMatrices  // each [expertFeedForward][hidden]
    let down: ExpertMatrices  // each [hidden][expertFeedForward]
    let sharedRouter: flow_matrix?  // [1][hidden]

    fileprivate init(artefact: Artefact, layer: Int) throws(LanguageModelError) {
        let shape = artefact.configuration
        let experts = shape.experts
        func stack(_ role: TensorRole, _ rows: Int, _ columns: Int) throws(LanguageModelError) -> ExpertMatrices {
            try ExpertMatrices(artefact, role, layer: layer, count: experts.count, rows: rows, columns: columns)
        }
        router = try artefact.matrix(.expertRouter, layer: layer, rows: experts.count, columns: shape.hiddenSize)
        gate = try stack(.expertGate, experts.feedForwardSize, shape.hiddenSize)
        up = try stack(.expertUp, experts.feedForwardSize, shape.hiddenSize)
        down = try stack(.expertDown, shape.hiddenSize, experts.feedForwardSize)
        sharedRouter =
            experts.sharedFeedForwardSize > 0
            ? try artefact.matrix(.sharedExpertRouter, layer: layer, rows: 1, columns: shape.hiddenSize) : nil
    }
}
