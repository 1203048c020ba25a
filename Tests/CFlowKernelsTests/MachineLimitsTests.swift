// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Machine limits")
struct MachineLimitsTests {
    private static let paths = [FLOW_PATH_PORTABLE] + widePaths

    @Test("The read loop sees every byte")
    func reading() {
        var bytes = [UInt8](repeating: 0, count: 2048)
        for path in Self.paths {
            let before = on(path) { flow_read(bytes, bytes.count) }
            for place in [0, 63, 64, 511, 512, 2047] {
                bytes[place] = 0xa5
                #expect(on(path) { flow_read(bytes, bytes.count) } != before, "byte \(place) on \(path)")
                bytes[place] = 0
            }
        }
    }

    @Test("The loops of products do as much work on every path as they say")
    func products() {
        let bytes = on(FLOW_PATH_PORTABLE) { (flow_multiply_bytes(3), flow_multiply_bytes(1000)) }
        let floats = on(FLOW_PATH_PORTABLE) { flow_multiply_floats(100) }
        for path in Self.paths {
            #expect(on(path) { flow_multiply_floats(100) }.bitPattern == floats.bitPattern)
            guard path != FLOW_PATH_AVX2 else { continue }
            #expect(on(path) { flow_multiply_bytes(3) } == bytes.0)
            #expect(on(path) { flow_multiply_bytes(1000) } == bytes.1)
            #expect(on(path) { flow_multiply_nibbles(1000) } == bytes.1)
        }
    }

    @Test(
        "AVX2 adds 32 registers of products in a round, none of which is left out",
        .enabled(if: widePaths.contains(FLOW_PATH_AVX2)), arguments: [1, 3, 1000])
    func products256(rounds: Int) {
        // Eight sums that start at 0 to 7; weights of 3 and 4; activations of 4 + j, 3, 2 and 1 for j of 0 to 3.
        let bytes = 28 + 4 * rounds * (3 + 4) * (0..<4).reduce(0) { $0 + 10 + $1 }
        #expect(on(FLOW_PATH_AVX2) { flow_multiply_bytes(rounds) } == Int32(bytes))
        let pairs = 28 + 4 * rounds * (3 + 4) * (0..<4).reduce(0) { $0 + 7 + $1 }
        #expect(on(FLOW_PATH_AVX2) { flow_multiply_nibbles(rounds) } & 0xffff == Int32(pairs & 0xffff))
    }
}
