// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// The numbers that a quantised layout can hold, in units of its scale.
struct TinyGrid {
    /// What the number 0 stands below zero, where numbers are not chosen from a table.
    let centre: Float
    /// The largest magnitude that both signs have.
    let reach: Float
    /// Whether the centre is subtracted as a minimum.
    let hasMinima: Bool
    /// Whether each half of a small block has a scale of its own.
    let hasHalfScales: Bool
    /// The least byte that scales again, and how many there are from it on.
    let leastByte: Float
    let byteCount: Int
    private let most: Float
    private let isCodebook: Bool

    private static let codebook: [Float] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]

    init(_ layout: KernelLayout) {
        (centre, reach, most) =
            switch layout {
            case .panelInt8: (128, 127, 255)
            case .panelInt6Scaled, .panelInt6Minima, .panelInt6ScaledMinima: (32, 31, 63)
            case .panelInt2Scaled: (1.5, 1.5, 3)
            case .panelCodebook, .panelCodebookScaled: (0, 113, 15)
            default: (8, 7, 15)
            }
        hasMinima = [
            .panelInt4Scaled, .panelInt4Minima, .panelInt6Minima, .panelInt6ScaledMinima, .panelInt2Scaled,
        ].contains(layout)
        hasHalfScales = layout == .panelInt6Scaled || layout == .panelInt2Scaled
        isCodebook = layout == .panelCodebook || layout == .panelCodebookScaled
        (leastByte, byteCount) = layout == .panelInt2Scaled ? (9, 7) : (40, 24)
    }

    /// The bits of the number that is nearest to a multiple of the scale.
    func nearest(_ multiple: Float) -> UInt8 {
        guard isCodebook else { return UInt8(max(0, min((multiple + centre).rounded(), most))) }
        let distances = Self.codebook.map { abs($0 - multiple) }
        return UInt8(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
    }
}
