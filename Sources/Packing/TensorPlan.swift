// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Where a tensor of a checkpoint goes in the artefact.
struct TensorPlan {
    /// The name in a GGUF file.
    let name: String
    let role: TensorRole
    let layer: Int
    /// Outputs; nil for a vector.
    let rows: Int?
    let columns: Int
    /// Whether a model may lack it.
    let isOptional: Bool
    /// The matrix that it is cut out of; nil where it is a tensor by itself.
    let cut: Cut?

    /// Rows of a larger matrix.
    struct Cut {
        /// The first of them.
        let start: Int
        /// All rows of the matrix.
        let count: Int
    }

    /// A vector without `rows`, a matrix with them.
    init(
        name: String, role: TensorRole, layer: Int = 0, rows: Int? = nil, columns: Int, isOptional: Bool = false,
        cut: Cut? = nil
    ) {
        self.name = name
        self.role = role
        self.layer = layer
        self.rows = rows
        self.columns = columns
        self.isOptional = isOptional
        self.cut = cut
    }

    /// The checkpoint's tensor with the shape that the model needs; nil where an optional one is missing.
    func tensor(in source: any CheckpointSource) throws(PackError) -> SourceTensor? {
        guard let tensor = source.tensors[name] else {
            guard isOptional else { throw source.missingTensor(name) }
            return nil
        }
        let expected = [columns] + (rows.map { [cut?.count ?? $0] } ?? [])
        // Trailing sizes of 1 mean nothing: a vector may be written as a matrix of one row.
        var found = tensor.dimensions
        while found.count > expected.count, found.last == 1 { found.removeLast() }
        guard found == expected else {
            throw .wrongShape(tensor: tensor.name, found: tensor.dimensions, expected: expected)
        }
        guard let cut, let rows else { return tensor }
        return tensor.slice(cut.start..<cut.start + rows)
    }
}
