// SPDX-License-Identifier: Apache-2.0
package import Artefacts

extension PackedTensor {
    /// A row's numbers, read from the panels number by number as the layout's description says, rounded where the stored
    /// format's own definition rounds.
    package func numbers(ofRow row: Int) -> [Float] {
        (0..<columns).map { number(row: row, column: $0) }
    }

    private func number(row: Int, column: Int) -> Float {
        let panelBytes = layout.panelByteCount(columns: columns) ?? 0
        let panel = data + row / 32 * panelBytes
        let lane = row % 32
        let block = panel + column / layout.blockColumns * layout.blockByteCount
        let small = column % layout.blockColumns / 32
        let place = column % 32
        switch layout {
        case .vectorF32: return data.load(fromByteOffset: 4 * column, as: Float.self)
        case .panelF32: return block.load(fromByteOffset: 4 * lane, as: Float.self)
        case .panelF16: return Float(block.load(fromByteOffset: 2 * lane, as: Float16.self))
        case .panelBF16: return Float(bitPattern: UInt32(block.load(fromByteOffset: 2 * lane, as: UInt16.self)) << 16)
        case .panelInt8:
            return half(block, lane) * Float(Int(byte(block, 64 + place / 4 * 128 + lane * 4 + place % 4)) - 128)
        case .panelInt4: return half(block, lane) * Float(nibble(block + 64, lane, place) - 8)
        case .panelInt4Scaled:
            let own = block + 128 + small * 576
            let scale = half(block, lane) * Float(byte(own, lane))
            let minimum = half(block + 64, lane) * Float(byte(own, 32 + lane))
            return scale * Float(nibble(own + 64, lane, place)) - minimum
        case .panelInt6Scaled:
            let own = block + 64 + small * 832
            let scale = half(block, lane) * Float(Int8(bitPattern: byte(own, place / 16 * 32 + lane)))
            return scale * Float(sixBits(own + 64, lane, place) - 32)
        case .panelInt4Minima:
            return half(block, lane) * Float(nibble(block + 128, lane, place)) - half(block + 64, lane)
        case .panelInt6Minima:
            return half(block, lane) * Float(sixBits(block + 128, lane, place)) - half(block + 64, lane)
        case .panelInt6ScaledMinima:
            let own = block + 128 + small * 832
            let scale = half(block, lane) * Float(byte(own, lane))
            let minimum = half(block + 64, lane) * Float(byte(own, 32 + lane))
            return scale * Float(sixBits(own + 64, lane, place)) - minimum
        case .panelInt2Scaled:
            let own = block + 128 + small * 320
            let both = byte(own, place / 16 * 32 + lane)
            let minimum = half(block + 64, lane) * Float(both >> 4)
            return half(block, lane) * Float(both & 15) * Float(twoBits(own + 64, lane, place)) - minimum
        case .panelCodebook: return half(block, lane) * Self.codebook[nibble(block + 64, lane, place)]
        case .panelCodebookScaled:
            let scale = half(block, lane) * Float(Int8(bitPattern: byte(block, 64 + small * 32 + lane)))
            return scale * Self.codebook[nibble(block + 320 + small * 512, lane, place)]
        }
    }

    private static let codebook: [Float] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]

    private func twoBits(_ steps: UnsafeRawPointer, _ lane: Int, _ place: Int) -> Int {
        Int(byte(steps, place / 16 * 128 + lane * 4 + place % 4) >> UInt8(place % 16 / 4 * 2) & 3)
    }

    private func sixBits(_ steps: UnsafeRawPointer, _ lane: Int, _ place: Int) -> Int {
        nibble(steps, lane, place) + twoBits(steps + 512, lane, place) * 16
    }

    private func half(_ start: UnsafeRawPointer, _ lane: Int) -> Float {
        Float(start.load(fromByteOffset: 2 * lane, as: Float16.self))
    }

    private func byte(_ start: UnsafeRawPointer, _ offset: Int) -> UInt8 {
        start.load(fromByteOffset: offset, as: UInt8.self)
    }

    private func nibble(_ steps: UnsafeRawPointer, _ lane: Int, _ place: Int) -> Int {
        let both = byte(steps, place % 16 / 4 * 128 + lane * 4 + place % 4)
        return Int(place < 16 ? both & 15 : both >> 4)
    }
}
