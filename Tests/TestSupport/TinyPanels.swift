// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Writes matrices of floats in any layout; a quantised one keeps what its numbers can hold.
enum TinyPanels {
    static func write(
        _ name: TinyModel.Name, _ numbers: [Float], columns: Int, layout: KernelLayout, to writer: inout ArtefactWriter
    ) throws {
        try writer.beginTensor(
            name.role, layer: name.layer, layout: layout, rows: numbers.count / columns, columns: columns)
        guard let byteCount = layout.panelByteCount(columns: columns) else { return }
        for start in stride(from: 0, to: numbers.count, by: 32 * columns) {
            let rows = Array(numbers[start..<min(start + 32 * columns, numbers.count)])
            var panel = [UInt8](repeating: 0, count: byteCount)
            panel.withUnsafeMutableBytes { fill($0, rows, columns, layout) }
            try panel.withUnsafeBytes { try writer.append($0) }
        }
        try writer.endTensor()
    }

    private static func fill(
        _ panel: UnsafeMutableRawBufferPointer, _ rows: [Float], _ columns: Int, _ layout: KernelLayout
    ) {
        switch layout {
        case .vectorF32, .panelF32:
            rows.withUnsafeBytes { PanelPacking(columns: columns, layout: layout).pack(rows: $0, into: panel) }
        case .panelF16:
            rows.map { Float16($0) }.withUnsafeBytes {
                PanelPacking(columns: columns, layout: layout).pack(rows: $0, into: panel)
            }
        case .panelBF16:
            rows.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes {
                PanelPacking(columns: columns, layout: layout).pack(rows: $0, into: panel)
            }
        case .panelInt8, .panelInt4, .panelInt4Scaled, .panelInt6Scaled:
            quantise(panel, rows, columns, layout)
        }
    }

    private static func quantise(
        _ panel: UnsafeMutableRawBufferPointer, _ rows: [Float], _ columns: Int, _ layout: KernelLayout
    ) {
        guard let start = panel.baseAddress else { return }
        let smallBlocks = layout.blockColumns / 32
        for place in 0..<columns / layout.blockColumns {
            let block = QuantisedBlock(start + place * layout.blockByteCount, layout: layout)
            for row in 0..<rows.count / columns {
                let first = row * columns + place * layout.blockColumns
                let part = Array(rows[first..<first + layout.blockColumns])
                let largest = part.map { abs($0) }.max() ?? 0
                // Scale bytes differ between neighbours, so that a kernel that takes the wrong one shows it.
                let bytes = (0..<2 * smallBlocks).map { UInt8(40 + ($0 * 7 + row) % 24) }
                let most: Float = layout == .panelInt8 ? 127 : layout == .panelInt6Scaled ? 31 : 7
                let scale = Float16(smallBlocks == 1 ? largest / most : largest / most / 40)
                block.setScale(scale.bitPattern, row: row)
                if layout == .panelInt4Scaled { block.setMinimum((scale * 8).bitPattern, row: row) }
                for small in 0..<smallBlocks {
                    let isInt6 = layout == .panelInt6Scaled
                    if layout == .panelInt4Scaled {
                        block.setScaleBytes(bytes[2 * small], bytes[2 * small], smallBlock: small, row: row)
                    } else if isInt6 {
                        block.setScaleBytes(bytes[2 * small], bytes[2 * small + 1], smallBlock: small, row: row)
                    }
                    let quants = (0..<32).map { index -> UInt8 in
                        let byte = smallBlocks == 1 ? 1 : bytes[2 * small + (isInt6 ? index / 16 : 0)]
                        let step = Float(scale) * Float(byte)
                        let quotient = step == 0 ? 0 : (part[32 * small + index] / step).rounded()
                        let offset: Float = layout == .panelInt8 ? 128 : isInt6 ? 32 : 8
                        return UInt8(max(0, min(quotient + offset, layout == .panelInt8 ? 255 : isInt6 ? 63 : 15)))
                    }
                    block.setNumbers(quants, smallBlock: small, row: row)
                }
            }
        }
    }
}
