// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
import LanguageModels
import Testing

@Suite("RoPETables")
struct RoPETablesTests {
    @Test("hold every position of the context", arguments: [1, 256, 257, 5000])
    func positions(_ context: Int) {
        let frequencies = RoPETables.frequencies(base: 10_000, dimensions: 8)
        #expect(frequencies.count == 4 && frequencies[0] == 1 && abs(frequencies[2] - 0.01) < 1e-12)
        let tables = RoPETables(frequencies: frequencies, contextLength: context)
        var view = tables.view
        for position in Set([0, context / 2, context - 1]) {
            var out = [Float](repeating: 0, count: 8)
            flow_rope_angles(&view, position, &out)
            for (pair, frequency) in frequencies.enumerated() {
                #expect(abs(Double(out[2 * pair]) - cos(Double(position) * frequency)) < 1e-7)
                #expect(abs(Double(out[2 * pair + 1]) - sin(Double(position) * frequency)) < 1e-7)
            }
        }
    }

    @Test("frequencies are stretched by one scale, and each by its factor")
    func stretched() {
        let usual = RoPETables.frequencies(base: 100, dimensions: 4)
        #expect(zip(usual, [1, 0.1]).allSatisfy { abs($0 - $1) < 1e-12 })
        let stretched = RoPETables.frequencies(base: 100, dimensions: 4, scale: 0.5, factors: [1, 8])
        #expect(stretched == [usual[0] / 2, usual[1] / 16])
    }
}
