// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints

/// Whether a checkpoint's numbers are numbers. One that is not turns every answer into noise, and a model whose training
/// went astray or whose conversion overflowed is full of them.
struct FiniteNumbers {
    private let type: TensorType

    /// A look at rows of a type.
    init(_ type: TensorType) {
        self.type = type
    }

    /// Whether all numbers of whole rows are finite; of blocks, all scales, since their numbers are integers.
    func fill(_ rows: UnsafeRawBufferPointer) -> Bool {
        switch type {
        case .f32: !Self.hasAny(rows, exponent: 0x7F80_0000 as UInt32)
        case .f16: !Self.hasAny(rows, exponent: 0x7C00 as UInt16)
        case .bf16: !Self.hasAny(rows, exponent: 0x7F80 as UInt16)
        default: haveFiniteScales(rows)
        }
    }

    /// Whether any number has an exponent of ones.
    private static func hasAny<Bits: FixedWidthInteger>(_ rows: UnsafeRawBufferPointer, exponent: Bits) -> Bool {
        let size = MemoryLayout<Bits>.size
        var found = false
        for index in 0..<rows.count / size {
            let bits = Bits(littleEndian: rows.loadUnaligned(fromByteOffset: index &* size, as: Bits.self))
            // No early end: so the loop is done many numbers at a time.
            found = found || bits & exponent == exponent
        }
        return found
    }

    private func haveFiniteScales(_ rows: UnsafeRawBufferPointer) -> Bool {
        let offsets = scaleOffsets
        for block in stride(from: 0, to: rows.count, by: type.blockByteCount) {
            for offset in offsets {
                let bits = rows.loadUnaligned(fromByteOffset: block + offset, as: UInt16.self)
                guard UInt16(littleEndian: bits) & 0x7C00 != 0x7C00 else { return false }
            }
        }
        return true
    }

    /// Where a block has its F16 scale and minimum.
    private var scaleOffsets: [Int] {
        switch type {
        case .f32, .f16, .bf16: []
        case .q8_0, .q4_0, .q5_0, .iq4_nl, .iq4_xs: [0]
        case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
        case .q2_K: [80, 82]
        case .q3_K: [108]
        case .q6_K: [208]
        }
    }
}
