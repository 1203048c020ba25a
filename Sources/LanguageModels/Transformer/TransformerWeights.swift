// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// A matrix, and what is added to its products.
struct Projection {
    let matrix: flow_matrix  // [rows][columns]
    let bias: UnsafePointer<Float>?  // [rows]
    let rows: Int
}

/// A norm's weight; with a bias it takes the mean away as well.
struct NormWeights {
    let weight: UnsafePointer<Float>  // [count]
    let bias: UnsafePointer<Float>?  // [count]

    /// y = norm(x), [count]; y may be x.
    func apply(_ x: UnsafePointer<Float>, count: Int, epsilon: Float, to y: UnsafeMutablePointer<Float>) {
        if let bias {
            flow_centred_norm(x, weight, bias, count, epsilon, y)
        } else {
            flow_norm(x, weight, count, epsilon, y)
        }
    }
}

/// The matrices of all experts of a layer, one behind the other.
struct ExpertMatrices {
    private let first: flow_matrix
    private let bytesPerExpert: Int
    /// Panels of one expert's matrix.
    let panels: Int

    /// Finds a stack of `count` matrices, each [rows][columns] with rows of zeros up to whole panels.
    init(
        _ artefact: Artefact, _ role: TensorRole, layer: Int, count: Int, rows: Int, columns: Int
    ) throws(LanguageModelError) {
        panels = KernelLayout.panelCount(ofRows: rows)
        first = try artefact.matrix(
            role, layer: layer, rows: count * panels * KernelLayout.panelRows, columns: columns)
        bytesPerExpert = panels * first.panelBytes
    }

    /// Bytes of a panel, and whether it is multiplied with quantised vectors.
    var panelBytes: Int { first.panelBytes }
    var isQuantised: Bool { first.isQuantised }

    /// The matrix of one expert.
    subscript(expert: Int) -> flow_matrix {
        flow_matrix(panels: first.panels + expert * bytesPerExpert, columns: first.columns, number: first.number)
    }
}

extension Artefact {
    /// A matrix with its bias; where `needsBias` is false a model may lack that.
    func projection(
        _ role: TensorRole, bias: TensorRole, layer: Int, rows: Int, columns: Int, needsBias: Bool = false
    ) throws(LanguageModelError) -> Projection {
        let isThere = needsBias || tensor(bias, layer: layer) != nil
        return Projection(
            matrix: try matrix(role, layer: layer, rows: rows, columns: columns),
            bias: isThere ? try vector(bias, layer: layer, count: rows) : nil, rows: rows)
    }

    /// A norm over `count` numbers, with a bias where the design's norms have one.
    func norm(
        _ role: TensorRole, bias: TensorRole, layer: Int = 0, count: Int, _ design: TransformerDesign
    ) throws(LanguageModelError) -> NormWeights {
        NormWeights(
            weight: try vector(role, layer: layer, count: count),
            bias: design.centresNorms ? try vector(bias, layer: layer, count: count) : nil)
    }
}
