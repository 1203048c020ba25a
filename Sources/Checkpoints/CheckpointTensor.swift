// SPDX-License-Identifier: Apache-2.0

/// A tensor of a mapped file; valid as long as the mapping.
package struct CheckpointTensor: @unchecked Sendable {
    /// The name by which an architecture finds it.
    package let name: String
    /// How its numbers are stored.
    package let type: TensorType
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
