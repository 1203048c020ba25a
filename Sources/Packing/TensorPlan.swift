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

    /// Matrices of this shape that the tensor stacks, each of which begins with a panel of its own; 1 for most.
    let stackCount: Int
    private let isStacked: Bool

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
        cut: Cut? = nil, stackCount: Int? = nil
    ) {
        self.name = name
        self.role = role
        self.layer = layer
        self.rows = rows
        self.columns = columns
        self.isOptional = isOptional
        self.cut = cut
        self.stackCount = stackCount ?? 1
        isStacked = stackCount != nil
    }

    /// The checkpoint's tensor with the shape that the model needs; nil where an optional one is missing.
    func tensor(in source: any CheckpointSource) throws(PackError) -> SourceTensor? {
        guard let tensor = source.tensors[name] else {
            guard isOptional else { throw source.missingTensor(name) }
            return nil
        }
        let expected = [columns] + (rows.map { [cut?.count ?? $0] } ?? []) + (isStacked ? [stackCount] : [])
        guard Self.withoutEnd(tensor.dimensions) == Self.withoutEnd(expected) else {
            throw .wrongShape(tensor: tensor.name, found: tensor.dimensions, expected: expected)
        }
        guard let cut, let rows else { return tensor }
        return tensor.slice(cut.start..<cut.start + rows)
    }

    /// Trailing sizes of 1 mean nothing: a vector may be written as a matrix of one row, and the other way round.
    private static func withoutEnd(_ dimensions: [Int]) -> [Int] {
        var dimensions = dimensions
        while dimensions.last == 1 { dimensions.removeLast() }
        return dimensions
    }
}
