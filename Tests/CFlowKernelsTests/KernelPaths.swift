// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// The paths of this machine other than the portable one, which the others are compared with.
let widePaths = [FLOW_PATH_AVX2, FLOW_PATH_AVX512].filter { flow_path_available($0) }

/// The result of a body on one path, forced for the calling thread meanwhile.
func on<Result>(_ path: flow_path, _ body: () throws -> Result) rethrows -> Result {
    flow_path_force(Int32(path.rawValue))
    defer { flow_path_force(-1) }
    return try body()
}

/// Numbers that repeat for a seed.
struct TestNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Numbers in -1 ..< 1, some of them zero and some of them tiny.
    mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            let number = Float.random(in: -1..<1, using: &self)
            switch Int.random(in: 0..<40, using: &self) {
            case 0: return 0
            case 1: return number * 1e-38
            case 2: return number * 1e4
            default: return number
            }
        }
    }
}

extension Array where Element == Float {
    /// The bits of all numbers, for comparisons that take no tolerance.
    var bits: [UInt32] { map(\.bitPattern) }
}
