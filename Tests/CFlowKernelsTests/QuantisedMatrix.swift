// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// A random matrix in quantised panels, and its parts in plain arrays for a product written down term by term.
final class QuantisedMatrix {
    /// The kinds that are multiplied with quantised vectors.
    static let kinds = [
        FLOW_NUMBER_INT8, FLOW_NUMBER_INT4, FLOW_NUMBER_INT4_SCALED, FLOW_NUMBER_INT6_SCALED,
    ]

    let rows: Int
    let columns: Int
    let kind: flow_number
    private var quants: [Int32]  // [rows][columns], without offset
    private var scales: [Float]  // [rows][columns / 16], both scales multiplied
    private var minima: [Float]  // [rows][columns / 16], both factors multiplied
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var view: flow_matrix

    /// With `extreme` every weight is the largest or smallest of its kind.
    init(rows: Int, columns: Int, kind: flow_number, seed: Int, extreme: Bool = false) {
        self.rows = rows
        self.columns = columns
        self.kind = kind
        quants = Array(repeating: 0, count: rows * columns)
        scales = Array(repeating: 0, count: rows * columns / 16)
        minima = scales
        view = flow_matrix(panels: nil, columns: columns, number: kind)
        let panelBytes = flow_panel_bytes(&view)
        memory = .allocate(byteCount: (rows + 31) / 32 * panelBytes, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        view.panels = UnsafeRawPointer(memory.baseAddress)
        var random = TestNumbers(seed)
        for row in 0..<rows {
            let panel = row / 32 * panelBytes
            if hasGroups {
                for group in 0..<columns / 256 { fillGroup(panel, row, group, extreme, &random) }
            } else {
                for block in 0..<columns / 32 {
                    let start = panel + block * (kind == FLOW_NUMBER_INT8 ? 1088 : 576)
                    let scale = storeHalf(start + 2 * (row % 32), &random)
                    for half in 0..<2 { scales[row * columns / 16 + 2 * block + half] = scale }
                    fillQuants(start + 64, row, block, extreme, &random)
                }
            }
        }
    }

    deinit { memory.deallocate() }

    var panels: Int { (rows + 31) / 32 }

    private var hasGroups: Bool { kind == FLOW_NUMBER_INT4_SCALED || kind == FLOW_NUMBER_INT6_SCALED }

    private func fillGroup(_ panel: Int, _ row: Int, _ group: Int, _ extreme: Bool, _ random: inout TestNumbers) {
        let isInt4 = kind == FLOW_NUMBER_INT4_SCALED
        let start = panel + group * (isInt4 ? 4736 : 6720)
        let scale = storeHalf(start + 2 * (row % 32), &random)
        let minimum = isInt4 ? storeHalf(start + 64 + 2 * (row % 32), &random) : 0
        for small in 0..<8 {
            let own = start + (isInt4 ? 128 + small * 576 : 64 + small * 832)
            let bytes = (UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random))
            memory[own + row % 32] = bytes.0
            memory[own + 32 + row % 32] = bytes.1
            let place = (row * columns + group * 256 + small * 32) / 16
            if isInt4 {
                scales[place] = scale * Float(bytes.0)
                scales[place + 1] = scales[place]
                minima[place] = minimum * Float(bytes.1)
                minima[place + 1] = minima[place]
            } else {
                scales[place] = scale * Float(Int8(bitPattern: bytes.0))
                scales[place + 1] = scale * Float(Int8(bitPattern: bytes.1))
            }
            fillQuants(own + 64, row, group * 8 + small, extreme, &random)
        }
    }

    private func storeHalf(_ offset: Int, _ random: inout TestNumbers) -> Float {
        let number = Float16(Float.random(in: -1..<1, using: &random) * 0.01)
        memory.storeBytes(of: number, toByteOffset: offset, as: Float16.self)
        return Float(number)
    }

    private func fillQuants(
        _ steps: Int, _ row: Int, _ block: Int, _ extreme: Bool, _ random: inout TestNumbers
    ) {
        let (most, offset): (UInt8, Int32) =
            switch kind {
            case FLOW_NUMBER_INT8: (255, 128)
            case FLOW_NUMBER_INT4: (15, 8)
            case FLOW_NUMBER_INT4_SCALED: (15, 0)
            default: (63, 32)
            }
        for column in 0..<32 {
            var bits = UInt8.random(in: 0...most, using: &random)
            if extreme { bits = bits > most / 2 ? most : 0 }
            quants[row * columns + block * 32 + column] = Int32(bits) - offset
            let lane = 4 * (row % 32) + column % 4
            if kind == FLOW_NUMBER_INT8 {
                memory[steps + column / 4 * 128 + lane] = bits
            } else {
                let step = column % 16 / 4
                memory[steps + step * 128 + lane] |= column < 16 ? bits & 15 : bits << 4
                if kind == FLOW_NUMBER_INT6_SCALED {
                    memory[steps + 512 + column / 16 * 128 + lane] |= (bits >> 4) << UInt8(2 * step)
                }
            }
        }
    }

    /// The row's numbers.
    func numbers(ofRow row: Int) -> [Float] {
        (0..<columns).map { column in
            let part = (row * columns + column) / 16
            return scales[part] * Float(quants[row * columns + column]) - minima[part]
        }
    }

    /// What the product of a row with a quantised vector is by its definition.
    func definition(row: Int, _ x: ArraySlice<flow_block>) -> Float {
        var sum: Float = 0
        for (block, vector) in x.enumerated() {
            let numbers = withUnsafeBytes(of: vector.numbers) { $0.map { Int32(Int8(bitPattern: $0)) } }
            let start = row * columns + block * 32
            let dots = [0, 16].map { half in
                (half..<half + 16).reduce(Int32(0)) { $0 + quants[start + $1] * numbers[$1] }
            }
            if kind == FLOW_NUMBER_INT6_SCALED {
                sum = sum.addingProduct(Float(dots[0]), scales[start / 16] * vector.scale)
                sum = sum.addingProduct(Float(dots[1]), scales[start / 16 + 1] * vector.scale)
            } else {
                sum = sum.addingProduct(Float(dots[0] + dots[1]), scales[start / 16] * vector.scale)
            }
            if kind == FLOW_NUMBER_INT4_SCALED { sum = sum.addingProduct(-minima[start / 16], vector.scaled_sum) }
        }
        return sum
    }

    /// [vectors][panels * 32], starting from ones.
    func product(
        _ x: [flow_block], vectors: Int, panels range: Range<Int>? = nil, adding: Bool = false
    ) -> [Float] {
        let range = range ?? 0..<panels
        var y = [Float](repeating: 1, count: vectors * panels * 32)
        flow_quantised_product(
            &view, range.lowerBound, range.upperBound, x, columns / 32, vectors, &y, panels * 32, adding)
        return y
    }
}

/// Numbers as blocks.
func quantised(_ numbers: [Float]) -> [flow_block] {
    var blocks = [flow_block](repeating: flow_block(), count: numbers.count / 32)
    flow_quantise(numbers, numbers.count, &blocks)
    return blocks
}
