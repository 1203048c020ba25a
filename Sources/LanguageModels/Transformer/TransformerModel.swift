// SPDX-License-Identifier: Apache-2.0
package import Artefacts
import CFlowKernels

/// The weights of a transformer, as its family arranges them: views of a mapped artefact, checked against
/// its configuration. Nothing is copied.
package struct TransformerModel: @unchecked Sendable {
    /// The weights of one decoder layer.
    struct Layer {
        let attentionNorm: UnsafePointer<Float>  // [hidden]
        let query: flow_matrix  // [heads * headSize][hidden]
        let key: flow_matrix  // [keyValueHeads * headSize][hidden]
        let value: flow_matrix  // [keyValueHeads * headSize][hidden]
        let refinement: AttentionRefinement
        let attentionOutput: flow_matrix  // [hidden][heads * headSize]
        let feedForwardNorm: UnsafePointer<Float>  // [hidden]
        let gate: flow_matrix  // [feedForward][hidden]
        let up: flow_matrix  // [feedForward][hidden]
        let down: flow_matrix  // [hidden][feedForward]
    }

    /// The model's shape.
    package let configuration: ModelConfiguration
    /// Whether halves of a head turn, not adjacent pairs.
    let rotatesHalves: Bool
    /// What each pair's frequency is divided by, [ropeDimensions / 2]; nil where nothing is.
    let ropeFactors: [Float]?
    let embedding: flow_matrix  // [vocabulary][hidden]
    let layers: [Layer]
    let outputNorm: UnsafePointer<Float>  // [hidden]
    let output: flow_matrix  // [vocabulary][hidden]; the embedding itself where the model ties them

    /// Whether any matrix needs the normed residual quantised; likewise the two below for their vectors.
    var quantisesNormed: Bool {
        layers.contains { layer in
            [layer.query, layer.key, layer.value, layer.gate, layer.up].contains { $0.isQuantised }
        }
    }
    var quantisesAttended: Bool { layers.contains { $0.attentionOutput.isQuantised } }
    var quantisesGate: Bool { layers.contains { $0.down.isQuantised } }

    /// Finds every tensor of the architecture. The artefact's bytes must outlive the model.
    package init(artefact: Artefact) throws(LanguageModelError) {
        try self.init(artefact: artefact, family: LlamaFamily.self)
    }

    /// The same for a family.
    init(artefact: Artefact, family: any TransformerFamily.Type) throws(LanguageModelError) {
        let shape = artefact.configuration
        configuration = shape
        rotatesHalves = family.rotatesHalves
        ropeFactors = try Self.ropeFactors(of: artefact)
        embedding = try artefact.matrix(.tokenEmbedding, rows: shape.vocabularySize, columns: shape.hiddenSize)
        outputNorm = try artefact.vector(.outputNorm, count: shape.hiddenSize)
        if artefact.tensor(.output) == nil {
            output = embedding
        } else {
            output = try artefact.matrix(.output, rows: shape.vocabularySize, columns: shape.hiddenSize)
        }
        var layers: [Layer] = []
        for layer in 0..<shape.layerCount {
            layers.append(try Layer(artefact: artefact, layer: layer, family: family))
        }
        self.layers = layers
    }

    private static func ropeFactors(of artefact: Artefact) throws(LanguageModelError) -> [Float]? {
        guard artefact.tensor(.ropeFactors) != nil else { return nil }
        let count = artefact.configuration.ropeDimensions / 2
        let vector = try artefact.vector(.ropeFactors, count: count)
        let factors = Array(UnsafeBufferPointer(start: vector, count: count))
        guard factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .wrongNumbers(.ropeFactors, expected: "positive ones")
        }
        return factors
    }
}

extension TransformerModel.Layer {
    fileprivate init(
        artefact: Artefact, layer: Int, family: any TransformerFamily.Type
    ) throws(LanguageModelError) {
        let shape = artefact.configuration
        let hidden = shape.hiddenSize
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        let wide = shape.feedForwardSize
        attentionNorm = try artefact.vector(.attentionNorm, layer: layer, count: hidden)
        query = try artefact.matrix(.attentionQuery, layer: layer, rows: queries, columns: hidden)
        key = try artefact.matrix(.attentionKey, layer: layer, rows: keys, columns: hidden)
        value = try artefact.matrix(.attentionValue, layer: layer, rows: keys, columns: hidden)
        refinement = try family.refinement(of: artefact, layer: layer)
        attentionOutput = try artefact.matrix(.attentionOutput, layer: layer, rows: hidden, columns: queries)
        feedForwardNorm = try artefact.vector(.feedForwardNorm, layer: layer, count: hidden)
        gate = try artefact.matrix(.feedForwardGate, layer: layer, rows: wide, columns: hidden)
        up = try artefact.matrix(.feedForwardUp, layer: layer, rows: wide, columns: hidden)
        down = try artefact.matrix(.feedForwardDown, layer: layer, rows: hidden, columns: wide)
    }
}
