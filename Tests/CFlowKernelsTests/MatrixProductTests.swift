// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Matrix product")
struct MatrixProductTests {
    private static let kinds = [FLOW_NUMBER_F32, FLOW_NUMBER_F16, FLOW_NUMBER_BF16]

    @Test("sums every output over ascending columns with one fused multiply-add per term", arguments: Self.kinds)
    func order(_ kind: flow_number) {
        let matrix = FloatMatrix(rows: 45, columns: 37, kind: kind, seed: 3)
        var random = TestNumbers(4)
        let x = random.floats(37 * 3)
        let y = matrix.product(x, vectors: 3)
        for vector in 0..<3 {
            for row in 0..<45 {
                var sum: Float = 0
                for column in 0..<37 {
                    sum = sum.addingProduct(matrix.numbers[row * 37 + column], x[vector * 37 + column])
                }
                #expect(y[vector * 64 + row].bitPattern == sum.bitPattern)
            }
            #expect(y[vector * 64 + 45..<vector * 64 + 64].allSatisfy { $0 == 0 })
        }
    }

    @Test("gives the portable path's bits on every path", arguments: [1, 31, 32, 33, 100, 160, 300], [1, 2, 48, 129])
    func paths(_ rows: Int, _ columns: Int) {
        for kind in Self.kinds {
            let matrix = FloatMatrix(rows: rows, columns: columns, kind: kind, seed: rows * columns)
            var random = TestNumbers(rows + columns)
            for vectors in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17] {
                let x = random.floats(columns * vectors)
                let expected = on(FLOW_PATH_PORTABLE) { matrix.product(x, vectors: vectors, adding: vectors % 2 == 0) }
                for path in widePaths {
                    let found = on(path) { matrix.product(x, vectors: vectors, adding: vectors % 2 == 0) }
                    #expect(found.bits == expected.bits, "\(path), \(vectors) vectors")
                }
            }
        }
    }

    @Test("gives a vector the same bits alone and among others", arguments: Self.kinds)
    func batches(_ kind: flow_number) {
        let matrix = FloatMatrix(rows: 200, columns: 77, kind: kind, seed: 8)
        var random = TestNumbers(9)
        let x = random.floats(77 * 21)
        for path in [FLOW_PATH_PORTABLE] + widePaths {
            let together = on(path) { matrix.product(x, vectors: 21) }
            for vector in 0..<21 {
                let alone = on(path) { matrix.product(Array(x[vector * 77..<(vector + 1) * 77]), vectors: 1) }
                #expect(Array(together[vector * 224..<(vector + 1) * 224]).bits == alone.bits)
            }
        }
    }

    @Test("computes a range of panels as the whole does, and touches no other output")
    func ranges() {
        let matrix = FloatMatrix(rows: 32 * 11, columns: 40, kind: FLOW_NUMBER_F16, seed: 5)
        var random = TestNumbers(6)
        let x = random.floats(40 * 2)
        let whole = matrix.product(x, vectors: 2)
        for (first, last) in [(0, 1), (3, 8), (10, 11), (1, 11), (4, 4)] {
            let part = matrix.product(x, vectors: 2, panels: first..<last)
            for index in part.indices {
                let isInside = (first * 32..<last * 32).contains(index % (11 * 32))
                #expect(part[index].bitPattern == (isInside ? whole[index] : 1).bitPattern)
            }
        }
    }

    @Test("adds to what is there when asked to")
    func adding() {
        let matrix = FloatMatrix(rows: 64, columns: 50, kind: FLOW_NUMBER_F16, seed: 2)
        var random = TestNumbers(2)
        let x = random.floats(50)
        let plain = matrix.product(x, vectors: 1)
        #expect(matrix.product(x, vectors: 1, adding: true).bits == plain.map { 1 + $0 }.bits)
    }

    @Test("reads single rows back", arguments: Self.kinds)
    func rows(_ kind: flow_number) {
        let matrix = FloatMatrix(rows: 70, columns: 35, kind: kind, seed: 12)
        for path in [FLOW_PATH_PORTABLE] + widePaths {
            for row in [0, 31, 32, 69] {
                var view = matrix.view
                var y = [Float](repeating: 9, count: 36)
                on(path) { flow_matrix_row(&view, row, &y) }
                #expect(Array(y[..<35]) == Array(matrix.numbers[row * 35..<(row + 1) * 35]))
                #expect(y[35] == 9)
            }
        }
    }
}
