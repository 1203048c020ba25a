// SPDX-License-Identifier: Apache-2.0

/// The rows of one step as a model reads them: flat memory that is filled before the step and left alone during it.
package struct StepInput: @unchecked Sendable {
    /// Rows of the step, at least 1.
    package var rowCount: Int
    /// Rows whose logits are wanted.
    package var sampledCount: Int
    /// Rows whose last hidden states are wanted, for pooling; no row is both this and sampled.
    package var pooledCount: Int
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
    /// [pooledCount] rows whose hidden states are wanted, in their order.
    package var pooledRows: UnsafePointer<Int32>
    /// For each sequence the tokens that it has, those of later steps included, which decides how a model with a stretched
    /// context turns all of them: one that comes to have more than the short context is computed anew. nil = the whole
    /// context.
    package var reaches: UnsafePointer<Int32>?

    /// An input over memory that outlives the step.
    package init(
        rowCount: Int, sampledCount: Int, pooledCount: Int, tokens: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>, sequences: UnsafePointer<Int32>,
        blockTables: UnsafePointer<UnsafePointer<Int32>>, sampledRows: UnsafePointer<Int32>,
        pooledRows: UnsafePointer<Int32>, reaches: UnsafePointer<Int32>? = nil
    ) {
        self.rowCount = rowCount
        self.sampledCount = sampledCount
        self.pooledCount = pooledCount
        self.tokens = tokens
        self.positions = positions
        self.sequences = sequences
        self.blockTables = blockTables
        self.sampledRows = sampledRows
        self.pooledRows = pooledRows
        self.reaches = reaches
    }

    /// The row that an output of the step is made of: first those that are sampled, then those that are pooled.
    package func row(ofOutput index: Int) -> Int {
        Int(index < sampledCount ? sampledRows[index] : pooledRows[index - sampledCount])
    }

    /// Rows of which anything is wanted.
    package var outputCount: Int { sampledCount + pooledCount }
}
