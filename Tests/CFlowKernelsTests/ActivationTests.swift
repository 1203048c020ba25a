// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Foundation
import Testing

@Suite("Activations, bounds and centred norms")
struct ActivationTests {
    private static let counts = [1, 15, 16, 17, 100]
    private static let kinds = [FLOW_ACTIVATION_SILU, FLOW_ACTIVATION_GELU_TANH, FLOW_ACTIVATION_GELU]

    private func activate(_ kind: flow_activation, _ gate: [Float], _ up: [Float]?) -> [Float] {
        var result = gate + [7]
        if let up {
            flow_activate(kind, &result, up, gate.count)
        } else {
            flow_activate(kind, &result, nil, gate.count)
        }
        #expect(result.last == 7)
        return Array(result.dropLast())
    }

    private func bounded(_ x: [Float], _ bound: Float) -> [Float] {
        var result = x + [7]
        flow_keep_bounded(&result, bound, x.count)
        #expect(result.last == 7)
        return Array(result.dropLast())
    }

    private func norm(_ x: [Float], _ weight: [Float], _ bias: [Float]) -> [Float] {
        var y = x + [7]
        flow_centred_norm(x, weight, bias, x.count, 1e-5, &y)
        #expect(y.last == 7)
        return Array(y.dropLast())
    }

    private func curve(_ kind: flow_activation, _ x: Double) -> Double {
        switch kind {
        case FLOW_ACTIVATION_GELU_TANH: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case FLOW_ACTIVATION_GELU: x / 2 * (1 + erf(x / 2.0.squareRoot()))
        default: x / (1 + exp(-x))
        }
    }

    @Test("are near their definitions in double precision", arguments: kinds, counts)
    func definitions(_ kind: flow_activation, _ count: Int) {
        var random = TestNumbers(count)
        let (x, up) = (random.floats(count).map { max(-30, min($0 * 4, 30)) }, random.floats(count))
        for (index, number) in activate(kind, x, nil).enumerated() {
            #expect(abs(Double(number) - curve(kind, Double(x[index]))) < 1e-6 * max(1, abs(Double(x[index]))))
        }
        #expect(activate(kind, x, up) == zip(activate(kind, x, nil), up).map { $0 * $1 })
    }

    @Test("bounded numbers are bound times the hyperbolic tangent", arguments: counts, [Float(0.5), 30])
    func bounds(_ count: Int, _ bound: Float) {
        var random = TestNumbers(count)
        let x = random.floats(count).map { $0 * 20 }
        for (index, number) in bounded(x, bound).enumerated() {
            #expect(abs(Double(number) - Double(bound) * tanh(Double(x[index] / bound))) < 3e-7 * Double(bound))
        }
    }

    @Test("centred norms are near their definition in double precision", arguments: counts)
    func norms(_ count: Int) {
        var random = TestNumbers(count)
        let (weight, bias) = (random.floats(count), random.floats(count))
        let x = random.floats(count).map { max(-4, min($0, 4)) + 3 }
        let mean = x.reduce(0.0) { $0 + Double($1) } / Double(count)
        let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
        for (index, number) in norm(x, weight, bias).enumerated() {
            let centred = (Double(x[index]) - mean) / (variance + 1e-5).squareRoot()
            let expected = centred * Double(weight[index]) + Double(bias[index])
            #expect(abs(Double(number) - expected) <= 1e-5 * max(1, abs(expected), abs(Double(weight[index]))))
        }
    }

    @Test("give the portable path's bits on every path", arguments: counts)
    func paths(_ count: Int) {
        var random = TestNumbers(count)
        let (x, y, z) = (random.floats(count).map { $0 * 9 }, random.floats(count), random.floats(count))
        func all() -> [UInt32] {
            Self.kinds.flatMap { activate($0, x, y).bits + activate($0, x, nil).bits }
                + bounded(x, 2).bits + norm(x, y, z).bits
        }
        for path in widePaths { #expect(on(path, all) == on(FLOW_PATH_PORTABLE, all)) }
    }
}
