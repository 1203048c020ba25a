// SPDX-License-Identifier: Apache-2.0
package import Artefacts
package import CFlowKernels

extension Artefact {
    /// The matrix of a role in the form that kernels take, after a check of its shape and layout. Nothing is copied.
    package func matrix(
        _ role: TensorRole, layer: Int = 0, rows: Int, columns: Int
    ) throws(LanguageModelError) -> flow_matrix {
        let tensor = try checkedTensor(role, layer: layer, rows: rows, columns: columns)
        switch tensor.layout {
        case .panelF16:
            return flow_matrix(panels: tensor.data, columns: columns, number: FLOW_NUMBER_F16)
        case .panelF32:
            return flow_matrix(panels: tensor.data, columns: columns, number: FLOW_NUMBER_F32)
        case .vectorF32:
            throw .wrongLayout(role, layer: layer, tensor.layout)
        }
    }

    /// The plain numbers of a norm's weight, [count].
    package func vector(
        _ role: TensorRole, layer: Int = 0, count: Int
    ) throws(LanguageModelError) -> UnsafePointer<Float> {
        let tensor = try checkedTensor(role, layer: layer, rows: 1, columns: count)
        guard tensor.layout == .vectorF32 else { throw .wrongLayout(role, layer: layer, tensor.layout) }
        return tensor.data.assumingMemoryBound(to: Float.self)
    }

    private func checkedTensor(
        _ role: TensorRole, layer: Int, rows: Int, columns: Int
    ) throws(LanguageModelError) -> PackedTensor {
        guard let tensor = tensor(role, layer: layer) else { throw .missingTensor(role, layer: layer) }
        guard tensor.rows == rows, tensor.columns == columns else {
            throw .wrongShape(
                role, layer: layer, rows: tensor.rows, columns: tensor.columns, expectedRows: rows,
                expectedColumns: columns)
        }
        return tensor
    }
}
