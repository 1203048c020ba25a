// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
import Testing

@Suite("Rotary embedding")
struct RoPETests {
    @Test(
        "cosines and sines of a position are put together from two tables", arguments: [0, 1, 255, 256, 1000, 130_000])
    func positions(_ position: Int) {
        let frequencies = [1.0, 0.1, 0.001]
        var low: [Double] = []
        var high: [Double] = []
        for index in 0..<256 { for frequency in frequencies { low += pair(Double(index) * frequency) } }
        for index in 0..<512 { for frequency in frequencies { high += pair(Double(index * 256) * frequency) } }
        var out = [Float](repeating: 0, count: 7)
        low.withUnsafeBufferPointer { low in
            high.withUnsafeBufferPointer { high in
                var tables = flow_rope(low: low.baseAddress, high: high.baseAddress, pairs: 3)
                flow_rope_angles(&tables, position, &out)
            }
        }
        for (index, frequency) in frequencies.enumerated() {
            let expected = pair(Double(position) * frequency)
            #expect(abs(Double(out[2 * index]) - expected[0]) < 1e-7)
            #expect(abs(Double(out[2 * index + 1]) - expected[1]) < 1e-7)
        }
        #expect(out[6] == 0)
    }

    private func pair(_ angle: Double) -> [Double] { [cos(angle), sin(angle)] }

    @Test("turns adjacent pairs and leaves the rest of a head alone")
    func pairs() {
        var head: [Float] = [1, 0, 3, 4, 5]
        flow_rope_adjacent(&head, [0, 1, 0.6, 0.8], 2)
        #expect(head[0] == 0 && head[1] == 1 && head[4] == 5)
        #expect(abs(head[2] - (3 * 0.6 - 4 * 0.8)) < 1e-6)
        #expect(abs(head[3] - (3 * 0.8 + 4 * 0.6)) < 1e-6)
    }

    @Test("turns the first half with the second as it turns adjacent pairs, and leaves the rest alone")
    func halves() {
        let angles: [Float] = [0, 1, 0.6, 0.8, 0.28, 0.96]
        var adjacent: [Float] = [1, 2, 3, 4, 5, 6]
        var halves: [Float] = [1, 3, 5, 2, 4, 6, 7]
        flow_rope_adjacent(&adjacent, angles, 3)
        flow_rope_halves(&halves, angles, 3)
        #expect(halves == [adjacent[0], adjacent[2], adjacent[4], adjacent[1], adjacent[3], adjacent[5], 7])
    }

    @Test("a vector is added to another one and no further")
    func sums() {
        var numbers = (0..<40).map { Float($0) }
        flow_add(&numbers, numbers.map { $0 / 4 }, 39)
        #expect(numbers == (0..<40).map { $0 == 39 ? 39 : Float($0) * 1.25 })
    }
}
