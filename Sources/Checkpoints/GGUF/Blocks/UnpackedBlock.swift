// SPDX-License-Identifier: Apache-2.0

/// One block of a quantised row, taken apart without changing a value. It is filled again and again.
///
/// A number is `scale * (number - offset)`; in blocks of 256 the scale is `scale * smallScale`, a signed byte for each
/// 16 numbers (IQ4_XS: 32), or with minima an unsigned byte for each 32, and then `minimum * smallMinimum` is
/// subtracted. Q2_K has a byte for each 16 numbers whose low nibble is the small scale and whose high one is the small
/// minimum. In IQ4 types numbers choose from the format's 16 fixed ones.
package final class UnpackedBlock {
    /// The F16 scale's bits.
    package internal(set) var scale: UInt16 = 0
    /// The F16 minimum's bits; 0 where the type has none.
    package internal(set) var minimum: UInt16 = 0
    /// The numbers with their offset, so that none is negative.
    package let numbers: UnsafeMutablePointer<UInt8>  // [256]
    /// The bytes that scale parts of the block.
    package let smallScales: UnsafeMutablePointer<UInt8>  // [16]
    /// The bytes that scale the minima of parts of the block.
    package let smallMinima: UnsafeMutablePointer<UInt8>  // [8]
    private let type: TensorType

    /// Room for blocks of a quantised type.
    package init(of type: TensorType) {
        precondition(type.blockElementCount > 1, "the type has no blocks")
        self.type = type
        numbers = .allocate(capacity: 256 + 16 + 8)
        numbers.initialize(repeating: 0, count: 256 + 16 + 8)
        smallScales = numbers + 256
        smallMinima = smallScales + 16
    }

    deinit { numbers.deallocate() }

    /// Takes a block apart, which has the type's `blockByteCount` bytes.
    package func unpack(_ block: UnsafeRawBufferPointer) {
        precondition(block.count == type.blockByteCount, "a block of another size")
        switch type {
        case .q8_0: unpackQ8_0(block)
        case .q5_0: unpackQ5_0(block)
        case .q4_0: unpackQ4_0(block)
        case .q4_1: unpackQ4_1(block)
        case .q5_1: unpackQ5_1(block)
        case .q4_K: unpackQ4_K(block)
        case .q6_K: unpackQ6_K(block)
        case .q3_K: unpackQ3_K(block)
        case .q5_K: unpackQ5_K(block)
        case .q2_K: unpackQ2_K(block)
        case .iq4_nl: unpackIQ4_NL(block)
        case .iq4_xs: unpackIQ4_XS(block)
        case .f32, .f16, .bf16: preconditionFailure("the type has no blocks")
        }
    }
}

extension UnpackedBlock {
    /// The bits of the F16 number at an offset.
    func half(_ block: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
        UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    private func unpackQ8_0(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        for index in 0..<32 { numbers[index] = block[2 + index] ^ 0x80 }
    }

    private func unpackQ5_0(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        let upper = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        for index in 0..<32 {
            let byte = block[6 + index % 16]
            let bits = (index < 16 ? byte & 15 : byte >> 4) | UInt8(truncatingIfNeeded: upper >> UInt32(index) & 1) << 4
            numbers[index] = bits + 112
        }
    }

    private func unpackQ4_0(_ block: UnsafeRawBufferPointer) {
        scale = half(block, 0)
        for index in 0..<16 {
            numbers[index] = block[2 + index] & 15
            numbers[16 + index] = block[2 + index] >> 4
        }
    }

    /// Two halves of 128 numbers: 64 bytes of nibbles, 32 bytes with two upper bits of four numbers each.
    private func unpackQ6_K(_ block: UnsafeRawBufferPointer) {
        for half in 0..<2 {
            for index in 0..<32 {
                let first = block[64 * half + index]
                let second = block[64 * half + 32 + index]
                let upper = block[128 + 32 * half + index]
                let out = numbers + 128 * half + index
                out[0] = first & 15 | (upper & 3) << 4
                out[32] = second & 15 | (upper >> 2 & 3) << 4
                out[64] = first >> 4 | (upper >> 4 & 3) << 4
                out[96] = second >> 4 | (upper >> 6) << 4
            }
        }
        for index in 0..<16 { smallScales[index] = block[192 + index] }
        scale = half(block, 208)
    }

    /// Two lower bits as in 64 bytes of four numbers each, the third one in 32 bytes of eight; a third bit that is clear
    /// means minus four. Sixteen 6-bit scales in 12 bytes, minus 32.
    private func unpackQ3_K(_ block: UnsafeRawBufferPointer) {
        for index in 0..<256 {
            let (half, place, lane) = (index / 128, index % 128 / 32, index % 32)
            let low = block[32 + 32 * half + lane] >> UInt8(2 * place) & 3
            let third = block[lane] >> UInt8(4 * half + place) & 1
            numbers[index] = low + 28 + 4 * third
        }
        for index in 0..<16 {
            let low = block[96 + index % 8] >> (index < 8 ? 0 : 4) & 15
            let high = block[104 + index % 4] >> UInt8(2 * (index / 4)) & 3
            smallScales[index] = (low | high << 4) &- 32
        }
        scale = half(block, 108)
    }
}
