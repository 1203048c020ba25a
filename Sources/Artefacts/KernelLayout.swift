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
    /// Panels of nibbles with a scale and a minimum for each 32 of a row.
    case panelInt4Minima = 9
    /// Panels of 6-bit numbers with a scale and a minimum for each 32 of a row.
    case panelInt6Minima = 10
    /// Panels of 6-bit numbers; 32 of a row have a scale and a minimum, which 256 of a row scale again.
    case panelInt6ScaledMinima = 11
    /// Panels of 2-bit numbers; 16 of a row have a scale and a minimum, which 256 of a row scale again.
    case panelInt2Scaled = 12
    /// Panels of nibbles that choose from 16 fixed numbers, with a scale for each 32 of a row.
    case panelCodebook = 13
    /// The same; 32 of a row have a scale, which 256 of a row scale again.
    case panelCodebookScaled = 14

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
        case .panelInt4Minima: "panel-int4-minima"
        case .panelInt6Minima: "panel-int6-minima"
        case .panelInt6ScaledMinima: "panel-int6-scaled-minima"
        case .panelInt2Scaled: "panel-int2-scaled"
        case .panelCodebook: "panel-codebook"
        case .panelCodebookScaled: "panel-codebook-scaled"
        }
    }

    /// Columns of a block; the number of columns is a multiple of it.
    package var blockColumns: Int { quantisedShape.map { 32 * $0.smallBlocks } ?? 1 }

    /// Bytes of a block: all rows of a panel by `blockColumns`; of a vector's number.
    package var blockByteCount: Int {
        switch self {
        case .vectorF32: 4
        case .panelF32: 128
        case .panelF16, .panelBF16: 64
        default: quantisedShape?.byteCount ?? 0
        }
    }

    /// How the parts of a quantised block lie; nil for floats.
    var quantisedShape: QuantisedShape? {
        switch self {
        case .vectorF32, .panelF32, .panelF16, .panelBF16: nil
        case .panelInt8: QuantisedShape(bits: 8)
        case .panelInt4, .panelCodebook: QuantisedShape(bits: 4)
        case .panelInt4Minima: QuantisedShape(bits: 4, hasMinima: true)
        case .panelInt6Minima: QuantisedShape(bits: 6, hasMinima: true)
        case .panelInt4Scaled: QuantisedShape(bits: 4, hasMinima: true, scaleBytes: .pair)
        case .panelInt6Scaled: QuantisedShape(bits: 6, scaleBytes: .pair)
        case .panelInt6ScaledMinima: QuantisedShape(bits: 6, hasMinima: true, scaleBytes: .pair)
        case .panelInt2Scaled: QuantisedShape(bits: 2, hasMinima: true, scaleBytes: .pair)
        case .panelCodebookScaled: QuantisedShape(bits: 4, scaleBytes: .ahead)
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
