// SPDX-License-Identifier: Apache-2.0

/// How a tensor's numbers lie in memory. The numbers are part of the file format.
///
/// Panels hold 32 rows; the last panel of a matrix is filled up with rows of zeros. Quantised panels are a sequence of
/// blocks, each of all 32 rows by 32 columns, or by 256 where groups of blocks share scales.
package enum KernelLayout: UInt32, Sendable, CaseIterable {
    /// One row of 32-bit floats, as norms have it.
    case vectorF32 = 1
    /// Panels of 32-bit floats.
    case panelF32 = 2
    /// Panels of 16-bit floats of IEEE 754.
    case panelF16 = 3
    /// Panels of the upper 16 bits of 32-bit floats.
    case panelBF16 = 4
    /// Panels of signed bytes with a scale for each 32 of a row.
    case panelInt8 = 5
    /// Panels of nibbles with a scale for each 32 of a row.
    case panelInt4 = 6
    /// Panels of nibbles; 32 of a row have a scale and a minimum, which 256 of a row scale again.
    case panelInt4Scaled = 7
    /// Panels of 6-bit numbers; 16 of a row have a scale, which 256 of a row scale again.
    case panelInt6Scaled = 8

    /// Rows of a panel.
    package static let panelRows = 32

    /// The name that listings use, such as `panel-int4`.
    package var name: String {
        switch self {
        case .vectorF32: "vector-f32"
        case .panelF32: "panel-f32"
        case .panelF16: "panel-f16"
        case .panelBF16: "panel-bf16"
        case .panelInt8: "panel-int8"
        case .panelInt4: "panel-int4"
        case .panelInt4Scaled: "panel-int4-scaled"
        case .panelInt6Scaled: "panel-int6-scaled"
        }
    }

    /// Columns of a block; the number of columns is a multiple of it.
    package var blockColumns: Int {
        switch self {
        case .vectorF32, .panelF32, .panelF16, .panelBF16: 1
        case .panelInt8, .panelInt4: 32
        case .panelInt4Scaled, .panelInt6Scaled: 256
        }
    }

    /// Bytes of a block: all rows of a panel by `blockColumns`; of a vector's number.
    package var blockByteCount: Int {
        switch self {
        case .vectorF32: 4
        case .panelF32: 128
        case .panelF16, .panelBF16: 64
        case .panelInt8: 64 + 8 * 128
        case .panelInt4: 64 + 4 * 128
        case .panelInt4Scaled: 2 * 64 + 8 * (64 + 4 * 128)
        case .panelInt6Scaled: 64 + 8 * (64 + 4 * 128 + 2 * 128)
        }
    }

    /// Bytes of one panel of so many columns; nil where they are impossible for the layout or do not fit an Int.
    package func panelByteCount(columns: Int) -> Int? {
        guard columns > 0, columns % blockColumns == 0 else { return nil }
        return Self.product(columns / blockColumns, blockByteCount)
    }

    /// Bytes of a tensor of this layout; nil where the shape is impossible for it or does not fit an Int.
    package func byteCount(rows: Int, columns: Int) -> Int? {
        guard rows > 0, let panel = panelByteCount(columns: columns) else { return nil }
        if self == .vectorF32 { return rows == 1 ? panel : nil }
        let (padded, overflow) = rows.addingReportingOverflow(Self.panelRows - 1)
        return overflow ? nil : Self.product(padded / Self.panelRows, panel)
    }

    private static func product(_ left: Int, _ right: Int) -> Int? {
        let (value, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? nil : value
    }
}
