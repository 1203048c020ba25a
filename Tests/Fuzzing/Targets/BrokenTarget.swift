// SPDX-License-Identifier: Apache-2.0

extension FuzzTarget {
    /// A reader with faults, which shows that runs find them. It is not among `all`.
    static let broken = FuzzTarget("broken", longest: 16, words: ["trap", "hang", "grow"]) { bytes in
        switch String(decoding: bytes.prefix(4), as: UTF8.self) {
        case "trap": preconditionFailure("the input says so")
        case "hang": while true {}
        case "grow":
            var memory: [[UInt8]] = []
            while true { memory.append([UInt8](repeating: 1, count: 64 << 20)) }
        default: break
        }
    }
}
