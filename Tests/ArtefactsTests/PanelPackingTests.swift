// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Testing

@Suite("PanelPacking")
struct PanelPackingTests {
    @Test("a panel holds 32 rows column by column", arguments: [1, 5, 31, 32])
    func layout(rows: Int) {
        let columns = 130
        let numbers = (0..<rows * columns).map { Float($0 + 1) }
        let packing = PanelPacking(columns: columns, layout: .panelF32)
        var panel = [Float](repeating: -1, count: 32 * columns)
        numbers.withUnsafeBytes { rows in
            panel.withUnsafeMutableBytes { packing.pack(rows: rows, into: $0) }
        }
        for column in 0..<columns {
            for lane in 0..<32 {
                let expected = lane < rows ? numbers[lane * columns + column] : 0
                #expect(panel[column * 32 + lane] == expected)
            }
        }
    }

    @Test("16-bit numbers keep their bits")
    func halfPrecision() {
        let numbers: [UInt16] = (0..<64).map { UInt16($0) << 9 | 3 }
        let packing = PanelPacking(columns: 2, layout: .panelF16)
        var panel = [UInt16](repeating: 0, count: 64)
        numbers.withUnsafeBytes { rows in
            panel.withUnsafeMutableBytes { packing.pack(rows: rows, into: $0) }
        }
        #expect(panel[0] == numbers[0])
        #expect(panel[32] == numbers[1])
        #expect(panel[1] == numbers[2])
        #expect(panel[63] == numbers[63])
    }

    @Test("sizes that do not fit are nil")
    func sizes() {
        #expect(KernelLayout.panelF16.byteCount(rows: 33, columns: 3) == 64 * 3 * 2)
        #expect(KernelLayout.panelF32.byteCount(rows: Int.max, columns: 3) == nil)
        #expect(KernelLayout.panelF32.byteCount(rows: 1 << 40, columns: 1 << 40) == nil)
        #expect(KernelLayout.vectorF32.byteCount(rows: 2, columns: 3) == nil)
        #expect(KernelLayout.panelF32.byteCount(rows: 0, columns: 3) == nil)
    }
}
