// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints

/// Turns quantised rows of a checkpoint into quantised panels, value by value the same.
struct BlockTranscoding {
    private let type: TensorType
    private let layout: KernelLayout
    private let columns: Int
    private let block: UnpackedBlock

    /// The transcoding of matrices of a quantised type with this many columns, a multiple of its blocks.
    init(_ type: TensorType, columns: Int) {
        self.type = type
        self.columns = columns
        layout = Self.layout(of: type)
        block = UnpackedBlock(of: type)
    }

    /// The layout whose panels hold a type's numbers without loss.
    static func layout(of type: TensorType) -> KernelLayout {
        switch type {
        case .f32: .panelF32
        case .f16: .panelF16
        case .bf16: .panelBF16
        case .q8_0, .q5_0: .panelInt8
        case .q4_0: .panelInt4
        case .q4_K: .panelInt4Scaled
        case .q6_K, .q3_K: .panelInt6Scaled
        case .q4_1: .panelInt4Minima
        case .q5_1: .panelInt6Minima
        case .q5_K: .panelInt6ScaledMinima
        case .q2_K: .panelInt2Scaled
        case .iq4_nl: .panelCodebook
        case .iq4_xs: .panelCodebookScaled
        }
    }

    /// Fills a panel from at most 32 consecutive rows; lanes of missing rows become zero.
    func pack(rows: UnsafeRawBufferPointer, into panel: UnsafeMutableRawBufferPointer) {
        let blocks = columns / type.blockElementCount
        let rowBytes = blocks * type.blockByteCount
        precondition(panel.count == blocks * layout.blockByteCount, "the panel has the wrong size")
        precondition(rows.count <= KernelLayout.panelRows * rowBytes && rows.count % rowBytes == 0, "a row is cut")
        panel.initializeMemory(as: UInt8.self, repeating: 0)
        guard let target = panel.baseAddress else { return }
        for index in 0..<blocks {
            let packed = QuantisedBlock(target + index * layout.blockByteCount, layout: layout)
            for row in 0..<rows.count / rowBytes {
                let start = row * rowBytes + index * type.blockByteCount
                block.unpack(UnsafeRawBufferPointer(rebasing: rows[start..<start + type.blockByteCount]))
                store(row, in: packed)
            }
        }
    }

    private func store(_ row: Int, in packed: QuantisedBlock) {
        packed.setScale(block.scale, row: row)
        if Self.hasMinima(layout) { packed.setMinimum(block.minimum, row: row) }
        for small in 0..<layout.blockColumns / 32 {
            packed.setNumbers(block.numbers + 32 * small, smallBlock: small, row: row)
            switch layout {
            case .panelInt4Scaled, .panelInt6ScaledMinima:
                packed.setScaleBytes(block.smallScales[small], block.smallMinima[small], smallBlock: small, row: row)
            case .panelInt6Scaled, .panelInt2Scaled:
                packed.setScaleBytes(
                    block.smallScales[2 * small], block.smallScales[2 * small + 1], smallBlock: small, row: row)
            case .panelCodebookScaled:
                packed.setScaleBytes(block.smallScales[small], smallBlock: small, row: row)
            default: break
            }
        }
    }

    private static func hasMinima(_ layout: KernelLayout) -> Bool {
        switch layout {
        case .panelInt4Scaled, .panelInt6ScaledMinima, .panelInt2Scaled, .panelInt4Minima, .panelInt6Minima: true
        default: false
        }
    }
}
