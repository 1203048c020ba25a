// SPDX-License-Identifier: Apache-2.0

/// The types that subtract a minimum, or add one, which is then stored with its sign turned.
extension UnpackedBlock {
    func unpackQ4_1(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        minimum = half(block, 2) ^ 0x8000
        for index in 0..<16 {
            numbers[index] = block[4 + index] & 15
            numbers[16 + index] = block[4 + index] >> 4
        }
    }

    func unpackQ5_1(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        minimum = half(block, 2) ^ 0x8000
        let upper = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        for index in 0..<32 {
            let byte = block[8 + index % 16]
            let fifth = UInt8(truncatingIfNeeded: upper >> UInt32(index) & 1)
            numbers[index] = (index < 16 ? byte & 15 : byte >> 4) | fifth << 4
        }
    }

    func unpackQ4_K(_ block: UnsafeRawBufferPointer) {
        unpackScalesAndMinima(block)
        unpackNibbles(block, from: 16)
    }

    /// As Q4_K, with the fifth bits of eight numbers in each of 32 bytes.
    func unpackQ5_K(_ block: UnsafeRawBufferPointer) {
        unpackScalesAndMinima(block)
        unpackNibbles(block, from: 48)
        for index in 0..<256 { numbers[index] |= (block[16 + index % 32] >> UInt8(index / 32) & 1) << 4 }
    }

    func unpackQ2_K(_ block: UnsafeRawBufferPointer) {
        for index in 0..<16 { smallScales[index] = block[index] }
        for index in 0..<256 {
            let (half, place, lane) = (index / 128, index % 128 / 32, index % 32)
            numbers[index] = block[16 + 32 * half + lane] >> UInt8(2 * place) & 3
        }
        scale = half(block, 80)
        minimum = half(block, 82)
    }

    /// Eight 6-bit scales and minima in 12 bytes: the first four of each whole in bytes 0..<8, the last four in the
    /// nibbles of bytes 8..<12 with their upper bits in those of the first.
    private func unpackScalesAndMinima(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        minimum = half(block, 2)
        for index in 0..<4 {
            let (first, second, third) = (block[4 + index], block[8 + index], block[12 + index])
            smallScales[index] = first & 63
            smallMinima[index] = second & 63
            smallScales[4 + index] = third & 15 | (first >> 6) << 4
            smallMinima[4 + index] = third >> 4 | (second >> 6) << 4
        }
    }

    /// 32 bytes hold 64 numbers, the first half in the low nibbles.
    private func unpackNibbles(_ block: UnsafeRawBufferPointer, from start: Int) {
        for pair in 0..<4 {
            for index in 0..<32 {
                let byte = block[start + 32 * pair + index]
                numbers[64 * pair + index] = byte & 15
                numbers[64 * pair + 32 + index] = byte >> 4
            }
        }
    }
}
