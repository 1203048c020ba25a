// SPDX-License-Identifier: Apache-2.0

/// The rows of one step as a model reads them: flat memory that is filled before the step and left alone during it.
package struct StepInput: @unchecked Sendable {
    /// Rows of the step, at least 1.
    package var rowCount: Int
    /// Rows whose logits are wanted.
    package var sampledCount: Int
    /// [rowCount] token ids, each within the vocabulary.
    package var tokens: UnsafePointer<Int32>
    /// [rowCount] positions within their sequences, each less than the context length.
    package var positions: UnsafePointer<Int32>
    /// [rowCount] indices into `blockTables`; rows of one sequence are consecutive, with ascending positions.
    package var sequences: UnsafePointer<Int32>
    /// For each sequence the physical numbers of its blocks, as many as its last position needs.
    package var blockTables: UnsafePointer<UnsafePointer<Int32>>
    /// [sampledCount] rows whose logits are wanted, in the order of the logits.
    package var sampledRows: UnsafePointer<Int32>

    /// An input over memory that outlives the step.
    package init(
        rowCount: Int, sampledCount: Int, tokens: UnsafePointer<Int32>, positions: UnsafePointer<Int32>,
        sequences: UnsafePointer<Int32>, blockTables: UnsafePointer<UnsafePointer<Int32>>,
        sampledRows: UnsafePointer<Int32>
    ) {
        self.rowCount = rowCount
        self.sampledCount = sampledCount
        self.tokens = tokens
        self.positions = positions
        self.sequences = sequences
        self.blockTables = blockTables
        self.sampledRows = sampledRows
    }
}
