// SPDX-License-Identifier: Apache-2.0
package import Artefacts
import CFlowKernels

/// The weights of a transformer, as its family arranges them: views of a mapped artefact, checked against its
/// configuration. Nothing is copied.
package struct TransformerModel: @unchecked Sendable {
    /// The model's shape.
    package let configuration: ModelConfiguration
    let design: TransformerDesign
    let embedding: flow_matrix  // [vocabulary][hidden]
    let positionEmbedding: flow_matrix?  // [context][hidden]
    let segmentEmbedding: flow_matrix?  // [kinds of segments][hidden]
    let embeddingNorm: NormWeights?  // [hidden]
    let layers: [TransformerLayer]
    let outputNorm: NormWeights?  // [hidden]
    let output: flow_matrix?  // [vocabulary][hidden]; the embedding itself where the model ties them
    /// What each pair's frequency is divided by, [ropeDimensions / 2]; nil where nothing is.
    let ropeFactors: [Float]?
    /// The same for sequences beyond the short context length.
    let longRopeFactors: [Float]?

    /// Finds every tensor of the architecture. The artefact's bytes must outlive the model.
    package init(artefact: Artefact) throws(LanguageModelError) {
        let shape = artefact.configuration
        let hidden = shape.hiddenSize
        func table(_ role: TensorRole, rows: Int) throws(LanguageModelError) -> flow_matrix? {
            artefact.tensor(role) == nil ? nil : try artefact.matrix(role, rows: rows, columns: hidden)
        }
        configuration = shape
        design = shape.architecture.design
        embedding = try artefact.matrix(.tokenEmbedding, rows: shape.vocabularySize, columns: hidden)
        positionEmbedding = try table(.positionEmbedding, rows: shape.contextLength)
        segmentEmbedding = try table(.segmentEmbedding, rows: shape.segmentKindCount)
        embeddingNorm =
            artefact.tensor(.embeddingNorm) == nil
            ? nil : try artefact.norm(.embeddingNorm, bias: .embeddingNormBias, count: hidden, design)
        outputNorm =
            design.hasOutputNorm
            ? NormWeights(weight: try artefact.vector(.outputNorm, count: hidden), bias: nil) : nil
        output =
            design.hasLogits ? try table(.output, rows: shape.vocabularySize) ?? embedding : nil
        ropeFactors = try Self.factors(.ropeFactors, of: artefact)
        longRopeFactors = try Self.factors(.longRopeFactors, of: artefact)
        var layers: [TransformerLayer] = []
        for layer in 0..<shape.layerCount {
            layers.append(try TransformerLayer(artefact: artefact, layer: layer, design: design))
        }
        self.layers = layers
    }

    /// The forms in which matrices need the normed residual; likewise those below for their vectors.
    var normedForms: Operand.Forms { forms { $0.inputMatrices }.union(gatheredForms) }
    var attendedForms: Operand.Forms { forms { [$0.attentionOutput.matrix] } }
    var gateForms: Operand.Forms { forms { $0.feedForward.map { [$0.down.matrix] } ?? [] } }
    var sampledForms: Operand.Forms { Operand.Forms(of: output.map { [$0] } ?? []) }
    var gatheredForms: Operand.Forms { forms { $0.experts.map { [$0.gate[0], $0.up[0]] } ?? [] } }
    var expertGateForms: Operand.Forms { forms { $0.experts.map { [$0.down[0]] } ?? [] } }

    private func forms(_ matrices: (TransformerLayer) -> [flow_matrix]) -> Operand.Forms {
        Operand.Forms(of: layers.flatMap(matrices))
    }

    /// Whether branches are added to the residual by the product itself, with nothing done to them before.
    var addsBranchesDirectly: Bool {
        let placement = design.norms
        return (placement == .before || placement == .afterSum) && configuration.scaling.residual == 1
    }

    /// Whether anything but the product itself is done with branches, or something is added to embeddings.
    var needsBranch: Bool {
        !addsBranchesDirectly || positionEmbedding != nil || segmentEmbedding != nil
            || layers.contains { $0.experts != nil }
    }

    /// Whether layers with a window rotate by other angles than the rest.
    var hasWindowRoPE: Bool {
        let window = configuration.window
        let isOther = window.ropeBase != configuration.ropeBase || window.ropeScale != configuration.ropeScale
        return isOther && layers.contains { $0.rope == .windowed }
    }

    private static func factors(_ role: TensorRole, of artefact: Artefact) throws(LanguageModelError) -> [Float]? {
        guard artefact.tensor(role) != nil else { return nil }
        let count = artefact.configuration.ropeDimensions / 2
        let vector = try artefact.vector(role, count: count)
        let factors = Array(UnsafeBufferPointer(start: vector, count: count))
        guard factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .wrongNumbers(role, expected: "positive ones")
        }
        return factors
    }
}
