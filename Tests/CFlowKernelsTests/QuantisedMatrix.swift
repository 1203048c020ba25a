// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// A random matrix in quantised panels, and its parts in plain arrays for a product written down term by term.
final class QuantisedMatrix {
    /// The kinds that are multiplied with quantised vectors.
    static let kinds = [
        FLOW_NUMBER_INT8, FLOW_NUMBER_INT4, FLOW_NUMBER_INT4_SCALED, FLOW_NUMBER_INT6_SCALED, FLOW_NUMBER_INT4_MINIMA,
        FLOW_NUMBER_INT6_MINIMA, FLOW_NUMBER_INT6_SCALED_MINIMA, FLOW_NUMBER_INT2_SCALED, FLOW_NUMBER_CODEBOOK,
        FLOW_NUMBER_CODEBOOK_SCALED,
    ]

    let rows: Int
    let columns: Int
    let kind: flow_number
    private let form: QuantisedForm
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
        form = QuantisedForm(kind)
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
            for group in 0..<columns / form.columns {
                fillGroup(panel + group * form.groupBytes, row, group, extreme, &random)
            }
        }
    }

    deinit { memory.deallocate() }

    var panels: Int { (rows + 31) / 32 }

    private func fillGroup(_ start: Int, _ row: Int, _ group: Int, _ extreme: Bool, _ random: inout TestNumbers) {
        let lane = row % 32
        let scale = storeHalf(start + 2 * lane, &random)
        let minimum = form.hasMinima ? storeHalf(start + 64 + 2 * lane, &random) : 0
        for small in 0..<form.smallBlocks {
            let own = start + form.head + small * form.smallBlockBytes
            let bytes = (UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random))
            let factors = form.factors(bytes)
            let place = (row * columns + group * form.columns + small * 32) / 16
            for half in 0..<2 {
                scales[place + half] = scale * factors.scales[half]
                minima[place + half] = minimum * factors.minima[half]
            }
            if kind == FLOW_NUMBER_CODEBOOK_SCALED {
                memory[start + 64 + small * 32 + lane] = bytes.0
            } else if form.smallBlocks > 1 {
                memory[own + lane] = bytes.0
                memory[own + 32 + lane] = bytes.1
            }
            let steps = own + form.smallBlockBytes - form.numberBytes
            fillQuants(steps, row, group * form.smallBlocks + small, extreme, &random)
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
        let most = form.maxBits
        for column in 0..<32 {
            var bits = UInt8.random(in: 0...most, using: &random)
            if extreme { bits = bits > most / 2 ? most : 0 }
            quants[row * columns + block * 32 + column] = form.number(bits)
            let lane = 4 * (row % 32) + column % 4
            let shift = UInt8(2 * (column % 16 / 4))
            switch most {
            case 255: memory[steps + column / 4 * 128 + lane] = bits
            case 3: memory[steps + column / 16 * 128 + lane] |= bits << shift
            default:
                memory[steps + column % 16 / 4 * 128 + lane] |= column < 16 ? bits & 15 : bits << 4
                if most > 15 { memory[steps + 512 + column / 16 * 128 + lane] |= (bits >> 4) << shift }
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
            let (scale, minimum) = (scales[start / 16...start / 16 + 1], minima[start / 16...start / 16 + 1])
            guard form.hasHalfScales else {
                sum = sum.addingProduct(Float(dots[0] + dots[1]), scale[start / 16] * vector.scale)
                if form.hasMinima { sum = sum.addingProduct(-minimum[start / 16], vector.scaled_sum) }
                continue
            }
            for half in 0..<2 { sum = sum.addingProduct(Float(dots[half]), scale[start / 16 + half] * vector.scale) }
            for half in 0..<2 where form.hasMinima {
                let part = numbers[16 * half..<16 * half + 16].reduce(0, +)
                sum = sum.addingProduct(-minimum[start / 16 + half], vector.scale * Float(part))
            }
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
            &view, range.lowerBound, range.upperBound, nil, x, columns / 32, vectors, &y, panels * 32, adding)
        return y
    }
}

/// Numbers as blocks.
func quantised(_ numbers: [Float]) -> [flow_block] {
    var blocks = [flow_block](repeating: flow_block(), count: numbers.count / 32)
    flow_quantise(numbers, numbers.count, &blocks)
    return blocks
}
