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

    @Test("The loops of products do as much work on every path, with the same result")
    func products() {
        let bytes = on(FLOW_PATH_PORTABLE) { (flow_multiply_bytes(3), flow_multiply_bytes(1000)) }
        let floats = on(FLOW_PATH_PORTABLE) { flow_multiply_floats(100) }
        for path in widePaths {
            #expect(on(path) { flow_multiply_bytes(3) } == bytes.0)
            #expect(on(path) { flow_multiply_bytes(1000) } == bytes.1)
            #expect(on(path) { flow_multiply_floats(100) }.bitPattern == floats.bitPattern)
        }
    }
}
