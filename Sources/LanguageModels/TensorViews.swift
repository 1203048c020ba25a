// SPDX-License-Identifier: Apache-2.0
package import Artefacts
package import CFlowKernels

extension Artefact {
    /// The matrix of a role in the form that kernels take, after a check of its shape and layout. Nothing is copied.
    package func matrix(
        _ role: TensorRole, layer: Int = 0, rows: Int, columns: Int
    ) throws(LanguageModelError) -> flow_matrix {
        let tensor = try checkedTensor(role, layer: layer, rows: rows, columns: columns)
        guard let number = tensor.layout.number else { throw .wrongLayout(role, layer: layer, tensor.layout) }
        return flow_matrix(panels: tensor.data, columns: columns, number: number)
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

extension KernelLayout {
    /// What the kernels call the numbers of a panel; nil for vectors.
    fileprivate var number: flow_number? {
        switch self {
        case .vectorF32: nil
        case .panelF32: FLOW_NUMBER_F32
        case .panelF16: FLOW_NUMBER_F16
        case .panelBF16: FLOW_NUMBER_BF16
        case .panelInt8: FLOW_NUMBER_INT8
        case .panelInt4: FLOW_NUMBER_INT4
        case .panelInt4Scaled: FLOW_NUMBER_INT4_SCALED
        case .panelInt6Scaled: FLOW_NUMBER_INT6_SCALED
        case .panelInt4Minima: FLOW_NUMBER_INT4_MINIMA
        case .panelInt6Minima: FLOW_NUMBER_INT6_MINIMA
        case .panelInt6ScaledMinima: FLOW_NUMBER_INT6_SCALED_MINIMA
        case .panelInt2Scaled: FLOW_NUMBER_INT2_SCALED
        case .panelCodebook: FLOW_NUMBER_CODEBOOK
        case .panelCodebookScaled: FLOW_NUMBER_CODEBOOK_SCALED
        }
    }
}

extension flow_matrix {
    /// Whether the matrix is multiplied with quantised vectors.
    package var isQuantised: Bool {
        withUnsafePointer(to: self) { flow_is_quantised($0) }
    }

    /// Bytes of 32 rows.
    package var panelBytes: Int {
        withUnsafePointer(to: self) { flow_panel_bytes($0) }
    }

    /// Where a panel begins; nil for none.
    package func panel(_ index: Int?) -> UnsafeRawPointer? {
        index.map { panels + $0 * panelBytes }
    }
}
