// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// What distinguishes the kinds of quantised panels, written down apart from the kernels' own tables.
struct QuantisedForm {
    /// Blocks of 32 columns that share what stands at their head: 1 or 8.
    let smallBlocks: Int
    /// Bytes before the first small block.
    let head: Int
    /// Bytes of a small block.
    let smallBlockBytes: Int
    /// Bytes of a small block's numbers, at its end.
    let numberBytes: Int
    /// The largest bits of a number.
    let maxBits: UInt8
    private let kind: flow_number

    init(_ kind: flow_number) {
        self.kind = kind
        let (small, head, own, numbers, most): (Int, Int, Int, Int, UInt8) =
            switch kind {
            case FLOW_NUMBER_INT8: (1, 64, 1024, 1024, 255)
            case FLOW_NUMBER_INT4, FLOW_NUMBER_CODEBOOK: (1, 64, 512, 512, 15)
            case FLOW_NUMBER_INT4_MINIMA: (1, 128, 512, 512, 15)
            case FLOW_NUMBER_INT6_MINIMA: (1, 128, 768, 768, 63)
            case FLOW_NUMBER_INT4_SCALED: (8, 128, 576, 512, 15)
            case FLOW_NUMBER_INT6_SCALED: (8, 64, 832, 768, 63)
            case FLOW_NUMBER_INT6_SCALED_MINIMA: (8, 128, 832, 768, 63)
            case FLOW_NUMBER_INT2_SCALED: (8, 128, 320, 256, 3)
            default: (8, 64 + 256, 512, 512, 15)
            }
        (smallBlocks, self.head, smallBlockBytes, numberBytes, maxBits) = (small, head, own, numbers, most)
    }

    var columns: Int { 32 * smallBlocks }
    var groupBytes: Int { head + smallBlocks * smallBlockBytes }
    var hasHalfScales: Bool { kind == FLOW_NUMBER_INT6_SCALED || kind == FLOW_NUMBER_INT2_SCALED }

    var hasMinima: Bool {
        [
            FLOW_NUMBER_INT4_SCALED, FLOW_NUMBER_INT4_MINIMA, FLOW_NUMBER_INT6_MINIMA, FLOW_NUMBER_INT6_SCALED_MINIMA,
            FLOW_NUMBER_INT2_SCALED,
        ].contains(kind)
    }

    /// What both halves' scales and minima are multiplied with, for a row's two bytes in a small block.
    func factors(_ bytes: (UInt8, UInt8)) -> (scales: [Float], minima: [Float]) {
        let both = [bytes.0, bytes.1]
        switch kind {
        case FLOW_NUMBER_INT4_SCALED, FLOW_NUMBER_INT6_SCALED_MINIMA:
            return ([Float(bytes.0), Float(bytes.0)], [Float(bytes.1), Float(bytes.1)])
        case FLOW_NUMBER_INT6_SCALED:
            return (both.map { Float(Int8(bitPattern: $0)) }, [0, 0])
        case FLOW_NUMBER_INT2_SCALED:
            return (both.map { Float($0 & 15) }, both.map { Float($0 >> 4) })
        case FLOW_NUMBER_CODEBOOK_SCALED:
            let factor = Float(Int8(bitPattern: bytes.0))
            return ([factor, factor], [0, 0])
        default:
            return ([1, 1], [1, 1])
        }
    }

    /// The number that bits stand for.
    func number(_ bits: UInt8) -> Int32 {
        switch kind {
        case FLOW_NUMBER_INT8: Int32(bits) - 128
        case FLOW_NUMBER_INT4: Int32(bits) - 8
        case FLOW_NUMBER_INT6_SCALED: Int32(bits) - 32
        case FLOW_NUMBER_CODEBOOK, FLOW_NUMBER_CODEBOOK_SCALED:
            [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113][Int(bits)]
        default: Int32(bits)
        }
    }
}
