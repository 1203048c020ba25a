// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
import Testing

@Suite("Rotary embedding")
struct RotationTests {
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
                var tables = flow_rotation(low: low.baseAddress, high: high.baseAddress, pairs: 3)
                flow_rotation_of(&tables, position, &out)
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
        flow_rotate(&head, [0, 1, 0.6, 0.8], 2)
        #expect(head[0] == 0 && head[1] == 1 && head[4] == 5)
        #expect(abs(head[2] - (3 * 0.6 - 4 * 0.8)) < 1e-6)
        #expect(abs(head[3] - (3 * 0.8 + 4 * 0.6)) < 1e-6)
    }
}
