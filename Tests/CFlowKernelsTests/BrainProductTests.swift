// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("BF16 product")
struct BrainProductTests {
    private static let paths = [FLOW_PATH_PORTABLE] + widePaths

    /// Numbers in BF16 without any below the smallest normal one, which paths take differently.
    private func brains(_ count: Int, seed: Int) -> [UInt16] {
        var random = TestNumbers(seed)
        return rounded(random.floats(count).map { abs($0) > 1e-20 ? $0 : 0 })
    }

    private func rounded(_ numbers: [Float]) -> [UInt16] {
        var brains = [UInt16](repeating: 0, count: numbers.count)
        flow_brain_from_float(numbers, numbers.count, &brains)
        return brains
    }

    private func number(_ brain: UInt16) -> Float { Float(bitPattern: UInt32(brain) << 16) }

    /// [vectors][panels * 32], starting from ones.
    private func product(
        _ matrix: FloatMatrix, _ x: [UInt16], stride: Int, vectors: Int, adding: Bool = false
    ) -> [Float] {
        var view = matrix.view
        var y = [Float](repeating: 1, count: vectors * matrix.panels * 32)
        flow_brain_product(&view, 0, matrix.panels, x, stride, vectors, &y, matrix.panels * 32, adding)
        return y
    }

    @Test("is its definition to the last bit on every path", arguments: [1, 2, 36, 37])
    func definition(_ columns: Int) {
        let matrix = FloatMatrix(rows: 45, columns: columns, kind: FLOW_NUMBER_BF16, seed: 3, tiny: false)
        let stride = columns + columns % 2
        let x = brains(stride * 3, seed: 4)
        for path in Self.paths {
            let y = on(path) { product(matrix, x, stride: stride, vectors: 3) }
            for vector in 0..<3 {
                for row in 0..<45 {
                    let weights = matrix.numbers[row * columns..<(row + 1) * columns] + [0]
                    var sum: Float = 0
                    for k in Swift.stride(from: 0, to: columns, by: 2) {
                        let second = k + 1 < columns ? number(x[vector * stride + k + 1]) : 0
                        sum = sum.addingProduct(weights[weights.startIndex + k + 1], second)
                        sum = sum.addingProduct(weights[weights.startIndex + k], number(x[vector * stride + k]))
                    }
                    #expect(y[vector * 64 + row].bitPattern == sum.bitPattern, "\(path), row \(row)")
                }
            }
        }
    }

    @Test("gives the portable path's bits on every path, for any number of vectors", arguments: [32, 100, 300])
    func paths(_ rows: Int) {
        let matrix = FloatMatrix(rows: rows, columns: 129, kind: FLOW_NUMBER_BF16, seed: rows, tiny: false)
        for vectors in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17] {
            let x = brains(130 * vectors, seed: vectors)
            let adding = vectors % 2 == 0
            let expected = on(FLOW_PATH_PORTABLE) { product(matrix, x, stride: 130, vectors: vectors, adding: adding) }
            for path in widePaths {
                let found = on(path) { product(matrix, x, stride: 130, vectors: vectors, adding: adding) }
                #expect(found.bits == expected.bits, "\(path), \(vectors) vectors")
            }
        }
    }

    @Test("gives a vector the same bits alone and among others")
    func batches() {
        let matrix = FloatMatrix(rows: 200, columns: 78, kind: FLOW_NUMBER_BF16, seed: 8)
        let x = brains(78 * 21, seed: 9)
        for path in Self.paths {
            let together = on(path) { product(matrix, x, stride: 78, vectors: 21) }
            for vector in 0..<21 {
                let own = Array(x[vector * 78..<(vector + 1) * 78])
                let alone = on(path) { product(matrix, own, stride: 78, vectors: 1) }
                #expect(Array(together[vector * 224..<(vector + 1) * 224]).bits == alone.bits)
            }
        }
    }

    @Test("takes the largest numbers, infinities and what is no number as the definition does")
    func extremes() {
        let matrix = FloatMatrix(rows: 32, columns: 8, kind: FLOW_NUMBER_BF16, seed: 1, tiny: false)
        for special in [Float.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity, -.infinity, .nan] {
            let x = rounded([special, 1, 0, -1, 2, special, 0.5, 0])
            let expected = on(FLOW_PATH_PORTABLE) { product(matrix, x, stride: 8, vectors: 1) }
            for path in widePaths {
                let found = on(path) { product(matrix, x, stride: 8, vectors: 1) }
                for (a, b) in zip(found, expected) { #expect(a.isNaN && b.isNaN || a.bitPattern == b.bitPattern) }
            }
        }
    }

    @Test("rounds to the nearest BF16, ties to even, on every path")
    func rounding() {
        let cases: [(Float, UInt16)] = [
            (1, 0x3f80), (-2, 0xc000), (Float(bitPattern: 0x3f80_8000), 0x3f80),
            (Float(bitPattern: 0x3f81_8000), 0x3f82), (Float(bitPattern: 0x3f80_8001), 0x3f81),
            (.infinity, 0x7f80), (.greatestFiniteMagnitude, 0x7f80), (0, 0), (-0.0, 0x8000),
        ]
        for path in Self.paths {
            let found = on(path) { rounded(cases.map(\.0) + [.nan]) }
            #expect(Array(found.dropLast()) == cases.map(\.1))
            #expect(found.last.map { number($0).isNaN } == true)
        }
    }
}
