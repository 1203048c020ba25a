// SPDX-License-Identifier: Apache-2.0

/// In which order the rows of a tensor are taken from a checkpoint.
enum RowOrder: Equatable {
    /// As they are.
    case asStored
    /// Rows of heads whose first `rotated` numbers turn in pairs: the first half of them with the second in the
    /// checkpoint, each with its neighbour in the artefact. Any order does if queries and keys have the same; this one
    /// is that of GGUF files.
    case pairsFromHalves(headSize: Int, rotated: Int)

    /// The place in the checkpoint of the row at a place of the artefact.
    func stored(_ row: Int) -> Int {
        switch self {
        case .asStored: return row
        case .pairsFromHalves(let headSize, let rotated):
            let place = row % headSize
            guard place < rotated else { return row }
            return row - place + place % 2 * (rotated / 2) + place / 2
        }
    }
}
