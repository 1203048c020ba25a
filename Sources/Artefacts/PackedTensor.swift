// SPDX-License-Identifier: Apache-2.0

/// What a tensor is for. The numbers are part of the file format.
package enum TensorRole: UInt32, Sendable, CaseIterable {
    /// Vocabulary x hidden; also the output matrix where the model ties the two.
    case tokenEmbedding = 1
    /// The norm before the output matrix.
    case outputNorm = 2
    /// Vocabulary x hidden; absent where the embedding is used instead.
    case output = 3
    /// The norm before attention, one per layer.
    case attentionNorm = 16
    /// Hidden to all query heads.
    case attentionQuery = 17
    /// Hidden to all key heads.
    case attentionKey = 18
    /// Hidden to all value heads.
    case attentionValue = 19
    /// All heads back to hidden.
    case attentionOutput = 20
    /// The norm before the feed-forward layer.
    case feedForwardNorm = 32
    /// Hidden to feed-forward, the gated half.
    case feedForwardGate = 33
    /// Hidden to feed-forward, the linear half.
    case feedForwardUp = 34
    /// Feed-forward back to hidden.
    case feedForwardDown = 35
}

/// How a tensor's numbers lie in memory. The numbers are part of the file format.
package enum KernelLayout: UInt32, Sendable {
    /// One row of 32-bit floats, as norms have it.
    case vectorF32 = 1
    /// Panels of 32 rows of 32-bit floats.
    case panelF32 = 2
    /// Panels of 32 rows of 16-bit floats.
    case panelF16 = 3

    /// Rows of a panel. The last panel of a matrix is filled up with rows of zeros.
    package static let panelRows = 32

    /// As listings show it.
    package var name: String {
        switch self {
        case .vectorF32: "vector-f32"
        case .panelF32: "panel-f32"
        case .panelF16: "panel-f16"
        }
    }

    /// Bytes of one number.
    package var elementSize: Int {
        switch self {
        case .vectorF32, .panelF32: 4
        case .panelF16: 2
        }
    }

    /// Bytes of a tensor of this layout; nil where the shape is impossible for it or does not fit an Int.
    package func byteCount(rows: Int, columns: Int) -> Int? {
        guard rows > 0, columns > 0 else { return nil }
        switch self {
        case .vectorF32:
            guard rows == 1 else { return nil }
            return Self.product(columns, elementSize)
        case .panelF32, .panelF16:
            let (padded, overflow) = rows.addingReportingOverflow(Self.panelRows - 1)
            guard !overflow, let numbers = Self.product(padded / Self.panelRows * Self.panelRows, columns) else {
                return nil
            }
            return Self.product(numbers, elementSize)
        }
    }

    private static func product(_ left: Int, _ right: Int) -> Int? {
        let (value, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? nil : value
    }
}

/// A view of one tensor of a mapped artefact; valid as long as the mapping.
///
/// Panels: number `k` of row `r` lies at `((r / 32) * columns + k) * 32 + r % 32`, counted in numbers.
package struct PackedTensor: @unchecked Sendable {
    /// What the tensor is for.
    package let role: TensorRole
    /// The decoder layer; 0 for tensors of the whole model.
    package let layer: Int
    /// How its numbers lie.
    package let layout: KernelLayout
    /// Outputs of the matrix; 1 for a vector.
    package let rows: Int
    /// The inner dimension; a vector's length.
    package let columns: Int
    /// The first byte, aligned to 64.
    package let data: UnsafeRawPointer
    /// Size with the padding of the last panel.
    package let byteCount: Int
}
