// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Testing

@Suite("Checksum")
struct ChecksumTests {
    private func sum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { Checksum.of($0) }
    }

    @Test("how a stream is cut does not matter")
    func cuts() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for first in 0...100 {
            var checksum = Checksum()
            for part in [bytes[..<first], bytes[first..<first + 45], bytes[(first + 45)...]] {
                Array(part).withUnsafeBytes { checksum.append($0) }
            }
            #expect(checksum.value == sum(bytes))
        }
    }

    @Test("every flipped bit changes it, and so does a zero at the end")
    func changes() {
        let bytes = (0..<100).map { UInt8($0) }
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << bit
                #expect(sum(other) != sum(bytes))
            }
        }
        #expect(sum(bytes + [0]) != sum(bytes))
        #expect(sum([]) != sum([0]))
    }
}
