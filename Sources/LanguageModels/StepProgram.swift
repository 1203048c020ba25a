// SPDX-License-Identifier: Apache-2.0

/// What the ranks run in one step: operations one after another, each cut into tiles that any rank may take.
///
/// Tiles of one operation are independent of each other and may run at once, in any order, on any rank, always with
/// the same result; an operation begins when all tiles of the one before it are done. The number of operations does
/// not change during a step, and that of an operation's tiles not once the operation before it is done.
package protocol StepProgram: AnyObject {
    /// Operations of the step that was prepared last.
    var operationCount: Int { get }

    /// Tiles of an operation, 1 ... 32,767.
    func tileCount(ofOperation operation: Int) -> Int

    /// Computes one tile. `rank` is that of the calling thread, for scratch memory; it never changes the result.
    func runTile(_ tile: Int, ofOperation operation: Int, rank: Int)

    /// Whether tiles of an operation can be backed up: `runTile` then leaves its results in the buffer of its rank, and
    /// `deliverTile` writes them to their place. Two ranks may compute a tile where one is late; only the first one
    /// delivers it. The other may read the inputs of a tile when later operations have written something else there,
    /// which must be harmless.
    func allowsBackup(operation: Int) -> Bool

    /// Writes the results of the tile that this rank ran last to their place.
    func deliverTile(_ tile: Int, ofOperation operation: Int, rank: Int)
}

extension StepProgram {
    /// A program whose tiles write to their place at once has no backup execution.
    package func allowsBackup(operation: Int) -> Bool { false }
    /// Such a program has nothing to deliver.
    package func deliverTile(_ tile: Int, ofOperation operation: Int, rank: Int) {}

    /// Computes one tile and delivers it, where no other rank works on it.
    package func completeTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        runTile(tile, ofOperation: operation, rank: rank)
        if allowsBackup(operation: operation) { deliverTile(tile, ofOperation: operation, rank: rank) }
    }
}
