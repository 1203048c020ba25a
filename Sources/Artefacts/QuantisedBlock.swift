// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a quantised panel's blocks lie, and the writing of one row of a block.
///
/// A *small block* is 32 rows by 32 columns. Its quants are in steps of four columns, 128 bytes each: byte
/// `4 * row + column % 4` of a step.
///
///     int8          F16 scales [32 rows]; 8 steps of bytes, number + 128
///     int4          F16 scales [32]; 4 steps, low nibble: column 4s + i, high nibble: column 16 + 4s + i; number + 8
///     int4Scaled    F16 scales [32], F16 minima [32]; 8 small blocks: scale bytes [32], minimum bytes [32], 4 steps of
///                   nibbles; a number is scale * scaleByte * nibble - minimum * minimumByte
///     int6Scaled    F16 scales [32]; 8 small blocks: signed scale bytes [2 halves of 16 columns][32], 4 steps of
///                   nibbles, then for each half 128 bytes with the upper two bits of its steps, step 0 lowest; a number
///                   is scale * scaleByte * (six bits - 32)
///
/// All writing is over memory that was zero before.
package struct QuantisedBlock {
    private static let stepBytes = 128
    private static let scalesBytes = 64
    private static let nibblesBytes = 4 * stepBytes

    private let start: UnsafeMutableRawPointer
    private let layout: KernelLayout

    /// The block of a panel that begins here, with room for `blockByteCount` bytes of zeros.
    package init(_ start: UnsafeMutableRawPointer, layout: KernelLayout) {
        self.start = start
        self.layout = layout
    }

    /// Sets a row's F16 scale, given as its bits.
    package func setScale(_ bits: UInt16, row: Int) {
        (start + 2 * row).storeBytes(of: bits.littleEndian, as: UInt16.self)
    }

    /// Sets a row's F16 minimum, given as its bits, where the layout has one.
    package func setMinimum(_ bits: UInt16, row: Int) {
        precondition(layout == .panelInt4Scaled, "the layout has no minima")
        (start + Self.scalesBytes + 2 * row).storeBytes(of: bits.littleEndian, as: UInt16.self)
    }

    /// Sets the bytes that scale a small block again: int4 its scale and its minimum, int6 the scales of its halves.
    package func setScaleBytes(_ first: UInt8, _ second: UInt8, smallBlock: Int, row: Int) {
        let own = self.own(smallBlock)
        (own + row).storeBytes(of: first, as: UInt8.self)
        (own + 32 + row).storeBytes(of: second, as: UInt8.self)
    }

    /// Sets 32 numbers of a row, already with the offset that makes them unsigned.
    package func setNumbers(_ numbers: UnsafePointer<UInt8>, smallBlock: Int = 0, row: Int) {
        let steps = own(smallBlock) + Self.scalesBytes + 4 * row
        if layout == .panelInt8 {
            for step in 0..<8 {
                for column in 0..<4 {
                    (steps + step * Self.stepBytes + column).storeBytes(
                        of: numbers[4 * step + column], as: UInt8.self)
                }
            }
            return
        }
        for step in 0..<4 {
            for column in 0..<4 {
                let low = numbers[4 * step + column]
                let high = numbers[16 + 4 * step + column]
                (steps + step * Self.stepBytes + column).storeBytes(of: low & 15 | high << 4, as: UInt8.self)
                guard layout == .panelInt6Scaled else { continue }
                let upper = steps + Self.nibblesBytes + column
                for (half, number) in [(0, low), (1, high)] {
                    let place = upper + half * Self.stepBytes
                    let bits = place.load(as: UInt8.self) | (number >> 4 & 3) << (2 * UInt8(step))
                    place.storeBytes(of: bits, as: UInt8.self)
                }
            }
        }
    }

    private func own(_ smallBlock: Int) -> UnsafeMutableRawPointer {
        switch layout {
        case .panelInt4Scaled:
            start + 2 * Self.scalesBytes + smallBlock * (Self.scalesBytes + Self.nibblesBytes)
        case .panelInt6Scaled:
            start + Self.scalesBytes + smallBlock * (Self.scalesBytes + Self.nibblesBytes + 2 * Self.stepBytes)
        default: start
        }
    }
}
