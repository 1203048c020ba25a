// SPDX-License-Identifier: Apache-2.0

/// What the ranks run in one step: operations one after another, each cut into pieces that any rank may take.
///
/// Pieces of one operation are independent of each other and may run at once, in any order, on any rank, always with
/// the same result; an operation begins when all pieces of the one before it are done. The number of operations does
/// not change during a step, and that of an operation's pieces not once the operation before it is done.
package protocol StepProgram: AnyObject {
    /// Operations of the step that was prepared last.
    var operationCount: Int { get }

    /// Pieces of an operation, 1 ... 32,767.
    func pieceCount(ofOperation operation: Int) -> Int

    /// Computes one piece. `rank` is that of the calling thread, for scratch memory; it never changes the result.
    func runPiece(_ piece: Int, ofOperation operation: Int, rank: Int)

    /// Whether pieces of an operation are drafts: `runPiece` then leaves its results with the rank alone, and
    /// `deliverPiece` hands them out. Two ranks may compute a piece where one of them is late; only the draft of the first
    /// is handed out. The other may read what pieces are computed from when somebody has written something else there,
    /// which must be harmless.
    func isDrafted(operation: Int) -> Bool

    /// Hands out the draft of a piece that this rank ran last.
    func deliverPiece(_ piece: Int, ofOperation operation: Int, rank: Int)
}

extension StepProgram {
    package func isDrafted(operation: Int) -> Bool { false }
    package func deliverPiece(_ piece: Int, ofOperation operation: Int, rank: Int) {}

    /// Computes one piece to its end where no other rank can be faster.
    package func completePiece(_ piece: Int, ofOperation operation: Int, rank: Int) {
        runPiece(piece, ofOperation: operation, rank: rank)
        if isDrafted(operation: operation) { deliverPiece(piece, ofOperation: operation, rank: rank) }
    }
}
