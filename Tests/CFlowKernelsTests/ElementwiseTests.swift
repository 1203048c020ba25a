// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Elementwise kernels")
struct ElementwiseTests {
    private static let counts = [1, 2, 15, 16, 17, 31, 32, 33, 100, 257]

    private func norm(_ x: [Float], _ weight: [Float]) -> [Float] {
        var y = x + [7]
        flow_norm(x, weight, x.count, 1e-5, &y)
        #expect(y.last == 7)
        return Array(y.dropLast())
    }

    private func swiglu(_ gate: [Float], _ up: [Float]) -> [Float] {
        var result = gate + [7]
        flow_swiglu(&result, up, gate.count)
        #expect(result.last == 7)
        return Array(result.dropLast())
    }

    private func exponential(_ x: [Float]) -> [Float] {
        var y = x + [7]
        flow_exponential(x, x.count, &y)
        #expect(y.last == 7)
        return Array(y.dropLast())
    }

    @Test("give the portable path's bits on every path", arguments: counts)
    func paths(_ count: Int) {
        var random = TestNumbers(count)
        let (x, y) = (random.floats(count), random.floats(count))
        let wide = x.map { $0 * 90 }
        for path in widePaths {
            #expect(on(path) { norm(x, y) }.bits == on(FLOW_PATH_PORTABLE) { norm(x, y) }.bits)
            #expect(on(path) { swiglu(wide, y) }.bits == on(FLOW_PATH_PORTABLE) { swiglu(wide, y) }.bits)
            #expect(on(path) { exponential(wide) }.bits == on(FLOW_PATH_PORTABLE) { exponential(wide) }.bits)
        }
    }

    @Test("norm and SwiGLU are near their definitions in double precision", arguments: counts)
    func definitions(_ count: Int) {
        var random = TestNumbers(count + 1)
        let (x, weight) = (random.floats(count).map { max(-4, min($0, 4)) }, random.floats(count))
        let square = x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
        let factor = 1 / (square + 1e-5).squareRoot()
        for (index, number) in norm(x, weight).enumerated() {
            let expected = Double(x[index]) * factor * Double(weight[index])
            #expect(abs(Double(number) - expected) <= abs(expected) * 1e-6 + 1e-37)
        }
        for (index, number) in swiglu(x, weight).enumerated() {
            let expected = Double(x[index]) / (1 + exponentialSeries(-Double(x[index]))) * Double(weight[index])
            #expect(abs(Double(number) - expected) <= abs(expected) * 2e-6 + 1e-37)
        }
    }

    /// e^x by its series after halving the argument; independent of the kernel's way.
    private func exponentialSeries(_ x: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        for index in 1..<30 {
            term *= x / 256 / Double(index)
            sum += term
        }
        for _ in 0..<8 { sum *= sum }
        return sum
    }

    @Test("e^x has a relative error under 2e-7 and meets its limits")
    func exponentials() {
        let x = stride(from: Float(-87), through: 88, by: 0.0137).map { $0 }
        for (number, argument) in zip(exponential(x), x) {
            let expected = exponentialSeries(Double(argument))
            #expect(abs(Double(number) - expected) <= expected * 2e-7)
        }
        #expect(exponential([0, -0.0]) == [1, 1])
        #expect(exponential([-88, -1000, -.infinity]) == [0, 0, 0])
        #expect(exponential([89, .infinity]) == exponential([88, 88]))
        #expect(exponential([.nan])[0].isNaN)
    }

    @Test("halves are widened exactly, all 65,536 of them")
    func widening() {
        let bits = (0...UInt16.max).map { $0 }
        for path in [FLOW_PATH_PORTABLE] + widePaths {
            var y = [Float](repeating: 0, count: bits.count)
            on(path) { flow_float_from_half(bits, bits.count, &y) }
            for (found, bits) in zip(y, bits) {
                let expected = Float(Float16(bitPattern: bits))
                #expect(expected.isNaN ? found.isNaN : found.bitPattern == expected.bitPattern)
            }
        }
    }

    @Test("numbers are rounded to the nearest half, ties to even")
    func rounding() {
        var numbers: [Float] = [0, -0.0, 65_504, 65_519.99, 65_520, 1e6, -1e6, .infinity, 5.96e-8, 2.98e-8, 2.99e-8]
        for bits in stride(from: 0, to: Int(UInt16.max), by: 3) {
            let number = Float(Float16(bitPattern: UInt16(bits)))
            guard number.isFinite else { continue }
            let next = Float(Float16(number).nextUp)
            numbers += [number, (number + next) / 2, number.nextUp, ((number + next) / 2).nextDown]
        }
        for path in [FLOW_PATH_PORTABLE] + widePaths {
            var halves = [UInt16](repeating: 0, count: numbers.count)
            on(path) { flow_half_from_float(numbers, numbers.count, &halves) }
            #expect(halves == numbers.map { Float16($0).bitPattern })
        }
    }
}
