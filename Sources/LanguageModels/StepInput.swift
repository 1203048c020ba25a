// SPDX-License-Identifier: Apache-2.0

/// The tokens of one step as a model reads them: flat memory that is filled before the step and left alone during it.
package struct StepInput: @unchecked Sendable {
    /// Tokens of the step, at least 1.
    package var tokenCount: Int
    /// Tokens whose logits are wanted.
    package var sampledCount: Int
    /// Tokens whose last hidden states are wanted, for pooling; no token is both this and sampled.
    package var pooledCount: Int
    /// [tokenCount] token ids, each within the vocabulary.
    package var tokenIDs: UnsafePointer<Int32>
    /// [tokenCount] positions within their sequences, each less than the context length.
    package var positions: UnsafePointer<Int32>
    /// [tokenCount] indices into `blockTables`; tokens of one sequence are consecutive, with ascending positions.
    package var sequences: UnsafePointer<Int32>
    /// For each sequence the physical numbers of its blocks, as many as its last position needs.
    package var blockTables: UnsafePointer<UnsafePointer<Int32>>
    /// [sampledCount] tokens whose logits are wanted, in the order of the logits.
    package var sampledTokens: UnsafePointer<Int32>
    /// [pooledCount] tokens whose hidden states are wanted, in their order.
    package var pooledTokens: UnsafePointer<Int32>
    /// For each sequence its number of tokens, those of later steps included: it decides by which angles a model with a
    /// stretched context rotates all of them, and one that outgrows the short context is computed again. nil = the
    /// whole context.
    package var sequenceLengths: UnsafePointer<Int32>?

    /// An input over memory that outlives the step.
    package init(
        tokenCount: Int, sampledCount: Int, pooledCount: Int, tokenIDs: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>, sequences: UnsafePointer<Int32>,
        blockTables: UnsafePointer<UnsafePointer<Int32>>, sampledTokens: UnsafePointer<Int32>,
        pooledTokens: UnsafePointer<Int32>, sequenceLengths: UnsafePointer<Int32>? = nil
    ) {
        self.tokenCount = tokenCount
        self.sampledCount = sampledCount
        self.pooledCount = pooledCount
        self.tokenIDs = tokenIDs
        self.positions = positions
        self.sequences = sequences
        self.blockTables = blockTables
        self.sampledTokens = sampledTokens
        self.pooledTokens = pooledTokens
        self.sequenceLengths = sequenceLengths
    }

    /// The token that an output of the step is made of: first those that are sampled, then those that are pooled.
    package func token(ofOutput index: Int) -> Int {
        Int(index < sampledCount ? sampledTokens[index] : pooledTokens[index - sampledCount])
    }

    /// Tokens of which anything is wanted.
    package var outputCount: Int { sampledCount + pooledCount }
}
