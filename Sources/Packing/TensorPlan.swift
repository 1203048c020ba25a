// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints

/// Where a tensor of a checkpoint goes in the artefact.
struct TensorPlan {
    /// The name in the checkpoint.
    let name: String
    let role: TensorRole
    let layer: Int
    /// Outputs; nil for a vector.
    let rows: Int?
    let columns: Int
    /// Whether a model may lack it.
    let isOptional: Bool

    /// A vector without `rows`, a matrix with them.
    init(
        name: String, role: TensorRole, layer: Int = 0, rows: Int? = nil, columns: Int, isOptional: Bool = false
    ) {
        self.name = name
        self.role = role
        self.layer = layer
        self.rows = rows
        self.columns = columns
        self.isOptional = isOptional
    }

    /// The checkpoint's tensor with the shape that the model needs; nil where an optional one is missing.
    func tensor(in file: GGUFFile) throws(PackError) -> GGUFTensor? {
        guard let tensor = file.tensor(named: name) else {
            guard isOptional else { throw .missingTensor(name) }
            return nil
        }
        let expected = [columns] + (rows.map { [$0] } ?? [])
        // Trailing sizes of 1 mean nothing: a vector may be written as a matrix of one row.
        var found = tensor.dimensions
        while found.count > expected.count, found.last == 1 { found.removeLast() }
        guard found == expected else {
            throw .wrongShape(tensor: name, found: tensor.dimensions, expected: expected)
        }
        return tensor
    }
}
