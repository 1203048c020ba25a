// SPDX-License-Identifier: Apache-2.0

@testable import Artefacts

/// Repeatable random numbers for damage (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension ArtefactFixture {
    /// Recomputes the checksum of header and directory, as an attacker would.
    static func reseal(_ bytes: inout [UInt8]) {
        let (offset, count) = bytes.withUnsafeBytes {
            (
                $0.number(ArtefactFormat.Header.directoryOffset, as: UInt64.self),
                $0.number(ArtefactFormat.Header.tensorCount, as: UInt64.self)
            )
        }
        guard count <= 1 << 16, offset <= UInt64(bytes.count), count * 64 <= UInt64(bytes.count) - offset else {
            return
        }
        let sum = bytes.withUnsafeBytes {
            ArtefactFormat.headerChecksum(
                header: $0.section(0, ArtefactFormat.headerSize), directory: $0.section(Int(offset), Int(count) * 64))
        }
        bytes.put(sum, at: ArtefactFormat.Header.checksum)
    }
}
