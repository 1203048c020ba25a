// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Quantising")
struct QuantisingTests {
    private static let paths = [FLOW_PATH_PORTABLE] + widePaths

    private func numbers(_ block: flow_block) -> [Int] {
        withUnsafeBytes(of: block.numbers) { $0.map { Int(Int8(bitPattern: $0)) } }
    }

    @Test("every number is the nearest multiple of its block's scale, the same on every path")
    func nearest() {
        var random = TestNumbers(1)
        let floats = random.floats(32 * 200)
        for path in Self.paths {
            let blocks = on(path) { quantised(floats) }
            for (index, block) in blocks.enumerated() {
                let part = floats[index * 32..<(index + 1) * 32]
                let largest = part.map { abs($0) }.max() ?? 0
                #expect(block.scale == largest / 127)
                let inverse = 127 / largest
                let expected = part.map { Int(($0 * inverse).rounded(.toNearestOrEven)) }
                #expect(numbers(block) == expected)
                #expect(zip(part, expected).allSatisfy { abs($0 - Float($1) * block.scale) <= largest / 253.9 })
                #expect(block.minus_sum == -Int32(expected.reduce(0, +)))
                #expect(block.minus_half_sum.0 == -Int16(expected[..<16].reduce(0, +)))
                #expect(block.minus_half_sum.1 == -Int16(expected[16...].reduce(0, +)))
                #expect(block.scaled_sum == block.scale * Float(expected.reduce(0, +)))
            }
        }
    }

    @Test("zeros, and what is far below all activations, become zeros")
    func nothing() {
        for number: Float in [0, -0.0, Float(bitPattern: 1), -7e-31] {
            for path in Self.paths {
                let block = on(path) { quantised([Float](repeating: number, count: 32))[0] }
                #expect(block.scale == 0 && block.minus_sum == 0 && block.scaled_sum == 0)
                #expect(numbers(block).allSatisfy { $0 == 0 })
            }
        }
    }

    @Test("the largest floats keep their sign and size")
    func largest() {
        let most = Float.greatestFiniteMagnitude
        for path in Self.paths {
            let block = on(path) { quantised((0..<32).map { $0 % 2 == 0 ? most : -most })[0] }
            #expect(block.scale == most / 127)
            #expect(numbers(block) == (0..<32).map { $0 % 2 == 0 ? 127 : -127 })
        }
    }

    @Test("a number that is not finite spoils its block and no other", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(_ number: Float) {
        for path in Self.paths {
            for place in [0, 15, 16, 31] {
                var floats = [Float](repeating: 1, count: 64)
                floats[place] = number
                let blocks = on(path) { quantised(floats) }
                #expect(blocks[0].scale.isNaN && !blocks[1].scale.isNaN)
                #expect(numbers(blocks[1]).allSatisfy { $0 == 127 })
            }
        }
    }
}
