// SPDX-License-Identifier: Apache-2.0

/// How a tensor's numbers are stored, of the ways that are read.
package enum GGUFTensorType: UInt32, Sendable, CaseIterable {
    /// 32-bit floats.
    case f32 = 0
    /// 16-bit floats of IEEE 754.
    case f16 = 1

    /// Bytes of one number.
    package var elementSize: Int {
        switch self {
        case .f32: 4
        case .f16: 2
        }
    }

    /// The type of a tensor, or an error that names it as the format does.
    init(_ number: UInt32, tensor: String) throws(CheckpointError) {
        guard let type = GGUFTensorType(rawValue: number) else {
            throw .unsupportedTensorType(
                tensor: tensor, type: Self.names[number] ?? "type \(number)",
                known: Self.allCases.compactMap { Self.names[$0.rawValue] }.joined(separator: " and "))
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

/// A tensor of a mapped file; valid as long as the mapping.
package struct GGUFTensor: @unchecked Sendable {
    /// The name by which an architecture finds it.
    package let name: String
    /// How its numbers are stored.
    package let type: GGUFTensorType
    /// One to four sizes; the first is the one whose numbers lie side by side.
    package let dimensions: [Int]
    /// Exactly the tensor's bytes.
    package let data: UnsafeRawBufferPointer

    /// Numbers of a row.
    package var columns: Int { dimensions.first ?? 0 }
    /// Rows of all other dimensions together; 1 for a vector.
    package var rows: Int { dimensions.dropFirst().reduce(1, *) }
    /// All numbers.
    package var elementCount: Int { dimensions.reduce(1, *) }
}
