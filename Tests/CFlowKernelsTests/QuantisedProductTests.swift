// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Quantised product")
struct QuantisedProductTests {
    private static let paths = [FLOW_PATH_PORTABLE] + widePaths

    @Test(
        "is its definition to the last bit, with weights of every size and with the largest ones",
        arguments: [false, true])
    func definition(_ extreme: Bool) {
        for kind in QuantisedMatrix.kinds {
            let matrix = QuantisedMatrix(rows: 40, columns: 512, kind: kind, seed: 3, extreme: extreme)
            var random = TestNumbers(4)
            let floats = random.floats(512 * 2)
            // Against the largest weights, the largest activations of both signs.
            let x = quantised(extreme ? floats.map { $0 < 0 ? -1 : 1 } : floats)
            for path in Self.paths {
                let y = on(path) { matrix.product(x, vectors: 2) }
                for vector in 0..<2 {
                    for row in 0..<40 {
                        let expected = matrix.definition(row: row, x[vector * 16..<(vector + 1) * 16])
                        #expect(
                            y[vector * 64 + row].bitPattern == expected.bitPattern, "\(kind) on \(path), row \(row)")
                    }
                    #expect(y[vector * 64 + 40..<vector * 64 + 64].allSatisfy { $0 == 0 })
                }
            }
        }
    }

    @Test("gives the portable path's bits on every path, for any number of vectors", arguments: QuantisedMatrix.kinds)
    func paths(_ kind: flow_number) {
        let matrix = QuantisedMatrix(rows: 100, columns: 256, kind: kind, seed: 5)
        var random = TestNumbers(6)
        for vectors in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 31] {
            let x = quantised(random.floats(256 * vectors))
            let expected = on(FLOW_PATH_PORTABLE) { matrix.product(x, vectors: vectors, adding: vectors % 2 == 0) }
            for path in widePaths {
                let found = on(path) { matrix.product(x, vectors: vectors, adding: vectors % 2 == 0) }
                #expect(found.bits == expected.bits, "\(path), \(vectors) vectors")
            }
        }
    }

    @Test("gives a vector the same bits alone and among others", arguments: QuantisedMatrix.kinds)
    func batches(_ kind: flow_number) {
        let matrix = QuantisedMatrix(rows: 64, columns: 512, kind: kind, seed: 8)
        var random = TestNumbers(9)
        let x = quantised(random.floats(512 * 23))
        for path in Self.paths {
            let together = on(path) { matrix.product(x, vectors: 23) }
            for vector in 0..<23 {
                let alone = on(path) { matrix.product(Array(x[vector * 16..<(vector + 1) * 16]), vectors: 1) }
                #expect(Array(together[vector * 64..<(vector + 1) * 64]).bits == alone.bits)
            }
        }
    }

    @Test("computes a range of panels as the whole does, and touches no other output", arguments: QuantisedMatrix.kinds)
    func ranges(_ kind: flow_number) {
        let matrix = QuantisedMatrix(rows: 32 * 5, columns: 256, kind: kind, seed: 5)
        var random = TestNumbers(6)
        let x = quantised(random.floats(256 * 2))
        let whole = matrix.product(x, vectors: 2)
        for (first, last) in [(0, 1), (1, 4), (4, 5), (3, 3)] {
            let part = matrix.product(x, vectors: 2, panels: first..<last)
            for index in part.indices {
                let isInside = (first * 32..<last * 32).contains(index % (5 * 32))
                #expect(part[index].bitPattern == (isInside ? whole[index] : 1).bitPattern)
            }
        }
    }

    @Test("stays within the activations' error of the exact product", arguments: QuantisedMatrix.kinds)
    func error(_ kind: flow_number) {
        let matrix = QuantisedMatrix(rows: 64, columns: 512, kind: kind, seed: 11)
        var random = TestNumbers(12)
        let floats = (0..<512).map { _ in Float.random(in: -1..<1, using: &random) }
        let y = matrix.product(quantised(floats), vectors: 1)
        for row in 0..<64 {
            let weights = matrix.numbers(ofRow: row)
            let exact = zip(weights, floats).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            // Each activation is off by at most 1/254 of its block's largest; the float sum adds its roundings.
            let bound = stride(from: 0, to: 512, by: 32).reduce(0.0) { sum, start in
                let largest = floats[start..<start + 32].map { abs(Double($0)) }.max() ?? 0
                return sum + weights[start..<start + 32].reduce(0.0) { $0 + abs(Double($1)) } * largest * 1.001 / 254
            }
            let terms = zip(weights, floats).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
            #expect(abs(Double(y[row]) - exact) <= bound + terms * 1e-4)
        }
    }

    @Test("single rows are read back as the format defines them", arguments: QuantisedMatrix.kinds)
    func rows(_ kind: flow_number) {
        let matrix = QuantisedMatrix(rows: 70, columns: 512, kind: kind, seed: 12)
        for path in Self.paths {
            for row in [0, 15, 16, 31, 32, 69] {
                var view = matrix.view
                var y = [Float](repeating: 9, count: 513)
                on(path) { flow_matrix_row(&view, row, &y) }
                #expect(Array(y[..<512]).bits == matrix.numbers(ofRow: row).bits)
                #expect(y[512] == 9)
            }
        }
    }
}
