// SPDX-License-Identifier: Apache-2.0

/// How a tensor's numbers are stored, of the ways that are read. Quantised types store a row as blocks.
package enum TensorType: UInt32, Sendable, CaseIterable {
    /// 32-bit floats.
    case f32 = 0
    /// 16-bit floats of IEEE 754.
    case f16 = 1
    /// Nibbles, a scale for each 32.
    case q4_0 = 2
    /// Nibbles, scale and minimum for each 32.
    case q4_1 = 3
    /// 5-bit numbers, a scale for each 32.
    case q5_0 = 6
    /// 5-bit numbers, scale and minimum for each 32.
    case q5_1 = 7
    /// Bytes, a scale for each 32.
    case q8_0 = 8
    /// 2-bit numbers, scale and minimum for each 256 and for each 16 of them.
    case q2_K = 10
    /// 3-bit numbers, a scale for each 256 and for each 16 of them.
    case q3_K = 11
    /// Nibbles, scale and minimum for each 256 and for each 32 of them.
    case q4_K = 12
    /// 5-bit numbers, scale and minimum for each 256 and for each 32 of them.
    case q5_K = 13
    /// 6-bit numbers, a scale for each 256 and for each 16 of them.
    case q6_K = 14
    /// Nibbles that choose from 16 fixed numbers, a scale for each 32.
    case iq4_nl = 20
    /// The same, a scale for each 256 and for each 32 of them.
    case iq4_xs = 23
    /// The upper 16 bits of 32-bit floats.
    case bf16 = 30

    /// Numbers of a block; a row has a multiple of them.
    package var blockElementCount: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_nl: 32
        case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_xs: 256
        }
    }

    /// Bytes of a block.
    package var blockByteCount: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4_0, .iq4_nl: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q8_0: 34
        case .q2_K: 84
        case .q3_K: 110
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        case .iq4_xs: 136
        }
    }

    /// The format's own name, such as "Q4_K".
    package var name: String { Self.names[rawValue] ?? "type \(rawValue)" }

    /// The type of a tensor, or an error that names it as the format does.
    init(_ number: UInt32, tensor: String) throws(CheckpointError) {
        guard let type = TensorType(rawValue: number) else {
            throw .unsupportedTensorType(
                tensor: tensor, type: Self.names[number] ?? "type \(number)",
                known: Self.allCases.map(\.name).joined(separator: ", "))
        }
        self = type
    }

    private static let names: [UInt32: String] = [
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
        12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
        20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
        29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
}
