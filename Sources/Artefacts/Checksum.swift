// SPDX-License-Identifier: Apache-2.0

/// A 64-bit checksum against damage (not against forgery), taken over a stream of bytes.
///
/// Four lanes take one little-endian word of 8 bytes in turn: `lane = rotate((lane ^ word) * prime)`. The last
/// stripe of 32 bytes is filled with zeros, and the length goes into the result. Every step can be undone for a
/// known word, so a change inside a single word always changes the result.
package struct Checksum: Sendable {
    private static let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let stripe = 32

    private var lanes = SIMD4<UInt64>(
        0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89)
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    /// A checksum of no bytes yet.
    package init() {
        pending.reserveCapacity(Self.stripe)
    }

    /// The checksum of one buffer.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum = Checksum()
        sum.append(bytes)
        return sum.value
    }

    /// Adds bytes; how a stream is cut into calls does not matter.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var start = 0
        if !pending.isEmpty {
            let missing = min(Self.stripe - pending.count, bytes.count)
            pending.append(contentsOf: bytes[0..<missing])
            start = missing
            guard pending.count == Self.stripe else { return }
            self.lanes = pending.withUnsafeBytes { Self.absorb($0, 0, into: self.lanes) }
            pending.removeAll(keepingCapacity: true)
        }
        var lanes = self.lanes
        while bytes.count - start >= Self.stripe {
            lanes = Self.absorb(bytes, start, into: lanes)
            start += Self.stripe
        }
        self.lanes = lanes
        pending.append(contentsOf: bytes[start...])
    }

    /// The checksum of everything appended so far.
    package var value: UInt64 {
        var lanes = self.lanes
        if !pending.isEmpty {
            let padded = pending + Array(repeating: 0, count: Self.stripe - pending.count)
            lanes = padded.withUnsafeBytes { Self.absorb($0, 0, into: lanes) }
        }
        var result = length
        for lane in 0..<4 {
            result = (result ^ lanes[lane]) &* Self.prime
            result ^= result >> 29
        }
        return result
    }

    private static func absorb(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, into lanes: SIMD4<UInt64>
    ) -> SIMD4<UInt64> {
        let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
        let mixed = (lanes ^ words) &* SIMD4(repeating: prime)
        return (mixed &<< 31) | (mixed &>> 33)
    }
}
