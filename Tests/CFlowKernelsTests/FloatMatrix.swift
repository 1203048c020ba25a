// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// A random matrix in panels, and its numbers row by row.
final class FloatMatrix {
    let rows: Int
    let numbers: [Float]  // [rows][columns]
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var view: flow_matrix

    /// `tiny` numbers, below what a normal BF16 or half can be, are among them.
    init(rows: Int, columns: Int, kind: flow_number, seed: Int, tiny: Bool = true) {
        self.rows = rows
        var random = TestNumbers(seed)
        numbers = random.floats(rows * columns).map { number in
            let number = tiny || abs(number) > 1e-20 ? number : 0
            switch kind {
            case FLOW_NUMBER_F16: return Float(Float16(number))
            case FLOW_NUMBER_BF16: return Float(bitPattern: number.bitPattern & 0xffff_0000)
            default: return number
            }
        }
        let panels = (rows + 31) / 32
        memory = .allocate(byteCount: panels * 32 * columns * (kind == FLOW_NUMBER_F32 ? 4 : 2), alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        for row in 0..<rows {
            for column in 0..<columns {
                let place = ((row / 32) * columns + column) * 32 + row % 32
                let number = numbers[row * columns + column]
                switch kind {
                case FLOW_NUMBER_F16:
                    memory.storeBytes(of: Float16(number), toByteOffset: place * 2, as: Float16.self)
                case FLOW_NUMBER_BF16:
                    let bits = UInt16(number.bitPattern >> 16)
                    memory.storeBytes(of: bits, toByteOffset: place * 2, as: UInt16.self)
                default:
                    memory.storeBytes(of: number, toByteOffset: place * 4, as: Float.self)
                }
            }
        }
        view = flow_matrix(
            panels: UnsafeRawPointer(memory.baseAddress), columns: columns, number: kind)
    }

    deinit { memory.deallocate() }

    var panels: Int { (rows + 31) / 32 }

    /// [vectors][panels * 32], starting from ones.
    func product(
        _ x: [Float], vectors: Int, panels range: Range<Int>? = nil, adding: Bool = false
    ) -> [Float] {
        let range = range ?? 0..<panels
        var y = [Float](repeating: 1, count: vectors * panels * 32)
        flow_matrix_product(
            &view, range.lowerBound, range.upperBound, x, view.columns, vectors, &y, panels * 32, adding)
        return y
    }
}
