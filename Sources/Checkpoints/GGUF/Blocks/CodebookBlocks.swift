// SPDX-License-Identifier: Apache-2.0

/// The types whose numbers are places in a table of 16, which the kernels know.
extension UnpackedBlock {
    func unpackIQ4_NL(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        unpackPlaces(block, from: 2, small: 0)
    }

    /// Eight 6-bit scales, minus 32: their lower four bits in nibbles, the upper two in two bytes before them.
    func unpackIQ4_XS(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        let upper = half(block, 2)
        for small in 0..<8 {
            let low = block[4 + small / 2] >> (small % 2 == 0 ? 0 : 4) & 15
            let high = UInt8(truncatingIfNeeded: upper >> UInt16(2 * small) & 3)
            smallScales[small] = (low | high << 4) &- 32
            unpackPlaces(block, from: 8 + 16 * small, small: small)
        }
    }

    /// 16 bytes hold 32 numbers, the first half in the low nibbles.
    private func unpackPlaces(_ block: UnsafeRawBufferPointer, from start: Int, small: Int) {
        for index in 0..<16 {
            numbers[32 * small + index] = block[start + index] & 15
            numbers[32 * small + 16 + index] = block[start + index] >> 4
        }
    }
}
