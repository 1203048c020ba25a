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
        default:
            quantise(panel, rows, columns, layout)
        }
    }

    private static func quantise(
        _ panel: UnsafeMutableRawBufferPointer, _ rows: [Float], _ columns: Int, _ layout: KernelLayout
    ) {
        guard let start = panel.baseAddress else { return }
        for place in 0..<columns / layout.blockColumns {
            let block = QuantisedBlock(start + place * layout.blockByteCount, layout: layout)
            for row in 0..<rows.count / columns {
                let first = row * columns + place * layout.blockColumns
                quantise(Array(rows[first..<first + layout.blockColumns]), row, layout, into: block)
            }
        }
    }

    private static func quantise(_ part: [Float], _ row: Int, _ layout: KernelLayout, into block: QuantisedBlock) {
        let smallBlocks = layout.blockColumns / 32
        let grid = TinyGrid(layout)
        let largest = part.map { abs($0) }.max() ?? 0
        let scale = Float16(largest / grid.reach / (smallBlocks == 1 ? 1 : grid.leastByte))
        block.setScale(scale.bitPattern, row: row)
        if grid.hasMinima { block.setMinimum((scale * Float16(grid.centre)).bitPattern, row: row) }
        for small in 0..<smallBlocks {
            // Scale bytes differ between neighbours, so that a kernel that takes the wrong one shows it.
            let factors = (0..<2).map { half in
                let index = 2 * small + (grid.hasHalfScales ? half : 0)
                return smallBlocks == 1 ? 1 : grid.leastByte + Float((index * 7 + row) % grid.byteCount)
            }
            if smallBlocks > 1 {
                let bytes = factors.map { UInt8($0) * (layout == .panelInt2Scaled ? 17 : 1) }
                block.setScaleBytes(bytes[0], bytes[1], smallBlock: small, row: row)
            }
            let numbers = (0..<32).map { index in
                let step = Float(scale) * factors[index / 16]
                return grid.nearest(step == 0 ? 0 : part[32 * small + index] / step)
            }
            block.setNumbers(numbers, smallBlock: small, row: row)
        }
    }
}
