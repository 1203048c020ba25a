// SPDX-License-Identifier: Apache-2.0
package import Artefacts

/// Why a packed model cannot be computed with.
package enum LanguageModelError: Error, CustomStringConvertible, Equatable {
    /// A tensor that the architecture needs is not in the artefact.
    case missingTensor(TensorRole, layer: Int)
    /// A tensor has another shape than the configuration says.
    case wrongShape(TensorRole, layer: Int, rows: Int, columns: Int, expectedRows: Int, expectedColumns: Int)
    /// A tensor's numbers lie in a layout that its use does not allow.
    case wrongLayout(TensorRole, layer: Int, KernelLayout)
    /// A tensor holds numbers that its use cannot have.
    case wrongNumbers(TensorRole, expected: String)
    /// Memory for activations could not be mapped.
    case activations(bytes: Int, errno: Int32)

    /// What is wrong with the packed model, and what to do.
    package var description: String {
        switch self {
        case .missingTensor(let role, let layer):
            return "The packed model lacks tensor \(role) of layer \(layer); pack the checkpoint again."
        case .wrongShape(let role, let layer, let rows, let columns, let expectedRows, let expectedColumns):
            return "Tensor \(role) of layer \(layer) is \(rows) x \(columns) where the model's configuration says"
                + " \(expectedRows) x \(expectedColumns); pack the checkpoint again."
        case .wrongLayout(let role, let layer, let layout):
            return "Tensor \(role) of layer \(layer) has layout \(layout), which its use does not allow; pack the"
                + " checkpoint again."
        case .wrongNumbers(let role, let expected):
            return "Tensor \(role) has numbers other than \(expected); pack the checkpoint again."
        case .activations(let bytes, let errno):
            return "Mapping \(bytes) bytes for activations failed with errno \(errno); lower the tokens of a step or"
                + " raise the memory limit."
        }
    }
}
