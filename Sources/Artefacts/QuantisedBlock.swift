// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a quantised panel's blocks lie, and the writing of one row of a block.
///
/// A *small block* is 32 rows by 32 columns. Its numbers, all unsigned, lie in steps of four columns, 128 bytes each:
/// byte `4 * row + column % 4` of a step.
///
///     8 bits        8 steps of bytes
///     4 bits        4 steps; low nibble: column 4s + i, high nibble: column 16 + 4s + i
///     2 bits        for each half of 16 columns 128 bytes with the bits of its steps, step 0 lowest
///     6 bits        as 4 bits, then as 2 bits the upper ones
///
/// A block begins with F16 scales [32 rows]; then come, where the layout has them, F16 minima [32]:
///
///     int8          scale * (number - 128)
///     int4          scale * (number - 8)
///     codebook      scale * codebook[number]
///     int4Minima, int6Minima
///                   scale * number - minimum
///
/// Others have 8 small blocks with bytes that scale again:
///
///     int4Scaled, int6ScaledMinima
///                   scale bytes [32], minimum bytes [32], numbers; scale * scaleByte * number - minimum * minimumByte
///     int2Scaled    bytes [2 halves of 16 columns][32], numbers; low nibbles are scale bytes, high ones minimum bytes
///     int6Scaled    signed scale bytes [2 halves][32], numbers; scale * scaleByte * (number - 32)
///     codebookScaled
///                   behind the F16 scales the signed scale bytes [8][32] of all; scale * scaleByte * codebook[number]
///
/// All writing is over memory that was zero before.
package struct QuantisedBlock {
    private static let stepBytes = 128
    private static let nibblesBytes = 4 * stepBytes

    private let start: UnsafeMutableRawPointer
    private let shape: QuantisedShape

    /// The block of a panel that begins here, with room for `blockByteCount` bytes of zeros.
    package init(_ start: UnsafeMutableRawPointer, layout: KernelLayout) {
        guard let shape = layout.quantisedShape else { preconditionFailure("the layout is of floats") }
        self.start = start
        self.shape = shape
    }

    /// Sets a row's F16 scale, given as its bits.
    package func setScale(_ bits: UInt16, row: Int) {
        (start + 2 * row).storeBytes(of: bits.littleEndian, as: UInt16.self)
    }

    /// Sets a row's F16 minimum, given as its bits, where the layout has one.
    package func setMinimum(_ bits: UInt16, row: Int) {
        precondition(shape.hasMinima, "the layout has no minima")
        (start + QuantisedShape.minima + 2 * row).storeBytes(of: bits.littleEndian, as: UInt16.self)
    }

    /// Sets the bytes that scale a small block again, in their order; the second one only where the layout has two.
    package func setScaleBytes(_ first: UInt8, _ second: UInt8 = 0, smallBlock: Int, row: Int) {
        precondition(shape.scaleBytes != .none, "the layout has no bytes that scale")
        let place = start + shape.scaleBytes(smallBlock) + row
        place.storeBytes(of: first, as: UInt8.self)
        if shape.scaleBytes == .pair { (place + KernelLayout.panelRows).storeBytes(of: second, as: UInt8.self) }
    }

    /// Sets 32 numbers of a row, already with the offset that makes them unsigned.
    package func setNumbers(_ numbers: UnsafePointer<UInt8>, smallBlock: Int = 0, row: Int) {
        let steps = start + shape.numbers(smallBlock) + 4 * row
        switch shape.bits {
        case 8: setBytes(numbers, steps)
        case 2: setPairs(numbers, shift: 0, steps)
        default:
            setNibbles(numbers, steps)
            if shape.bits == 6 { setPairs(numbers, shift: 4, steps + Self.nibblesBytes) }
        }
    }

    private func setBytes(_ numbers: UnsafePointer<UInt8>, _ steps: UnsafeMutableRawPointer) {
        for step in 0..<8 {
            for column in 0..<4 {
                (steps + step * Self.stepBytes + column).storeBytes(of: numbers[4 * step + column], as: UInt8.self)
            }
        }
    }

    private func setNibbles(_ numbers: UnsafePointer<UInt8>, _ steps: UnsafeMutableRawPointer) {
        for step in 0..<4 {
            for column in 0..<4 {
                let (low, high) = (numbers[4 * step + column], numbers[16 + 4 * step + column])
                (steps + step * Self.stepBytes + column).storeBytes(of: low & 15 | high << 4, as: UInt8.self)
            }
        }
    }

    /// Two bits of each number from `shift` on.
    private func setPairs(_ numbers: UnsafePointer<UInt8>, shift: UInt8, _ pairs: UnsafeMutableRawPointer) {
        for half in 0..<2 {
            for column in 0..<4 {
                var byte: UInt8 = 0
                for step in 0..<4 {
                    byte |= (numbers[16 * half + 4 * step + column] >> shift & 3) << (2 * UInt8(step))
                }
                (pairs + half * Self.stepBytes + column).storeBytes(of: byte, as: UInt8.self)
            }
        }
    }
}
