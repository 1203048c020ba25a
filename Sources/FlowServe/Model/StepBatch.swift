// SPDX-License-Identifier: Apache-2.0

/// One token that a step computes: its position in its sequence, and which results of it are wanted.
package struct StepToken: Sendable, Equatable {
    /// The token's id, within the vocabulary.
    package var id: Int32
    /// The token's position in its sequence, from 0; its key and value are written there.
    package var position: Int
    /// Index into `StepBatch.sequences`.
    package var sequence: Int
    /// Index into `StepBatch.samplings` when the next token is to be sampled after this one; nil = no logits are
    /// computed.
    package var sampling: Int?
    /// Whether the token's hidden state is wanted; then no logits are.
    package var isPooled: Bool

    /// A token of a step.
    package init(id: Int32, position: Int, sequence: Int, sampling: Int? = nil, isPooled: Bool = false) {
        self.id = id
        self.position = position
        self.sequence = sequence
        self.sampling = sampling
        self.isPooled = isPooled
    }
}

/// The blocks of key and value memory that a sequence of the step reads and writes.
package struct StepSequence: Sendable, Equatable {
    /// Physical block numbers in the instance's memory; entry i holds positions 32 i ... 32 i + 31.
    package var blockTable: [Int32]
    /// Tokens that the sequence has so far, those of later steps included: a model with a stretched context rotates all
    /// positions of long texts by other angles than those of short ones.
    package var tokenCount: Int

    /// A sequence over blocks; there must be one for each position up to the last token's.
    package init(blockTable: [Int32], tokenCount: Int = .max) {
        self.blockTable = blockTable
        self.tokenCount = tokenCount
    }
}

/// How one token is chosen from its logits. Chosen tokens depend on nothing but the logits and these values.
package struct SamplingPlan: Sendable, Equatable {
    /// 0 = greedy (the lowest id among the largest logits); otherwise logits are divided by it.
    package var temperature: Float
    /// Only the `topK` largest logits may be chosen, ties to the lowest ids; 0 = all.
    package var topK: Int
    /// Key of the counter-based generator.
    package var seed: UInt64
    /// Counter of the generator: the index of the token in its answer, so that a resumed answer draws the same numbers.
    package var index: UInt64
    /// A token that may not be chosen.
    package var bannedToken: Int32?
    /// Only the most likely tokens until their probabilities reach it; 1 = all.
    package var topP: Float = 1
    /// Only tokens with at least this part of the largest probability; 0 = all.
    package var minP: Float = 0
    /// Only the tokens nearest to the expected information until their probabilities reach it; 1 = all.
    package var typicalP: Float = 1
    /// How many of the likeliest tokens are noted beside the chosen one's logprob; nil notes nothing.
    package var logprobs: Int?
    /// What changes the logits before they are chosen from, where anything does.
    package var adjustment: LogitAdjustment?

    /// A plan; the defaults are greedy.
    package init(
        temperature: Float = 0, topK: Int = 0, seed: UInt64 = 0, index: UInt64 = 0, bannedToken: Int32? = nil
    ) {
        self.temperature = temperature
        self.topK = topK
        self.seed = seed
        self.index = index
        self.bannedToken = bannedToken
    }
}

/// What one step computes: tokens of any number of sequences, prefill and decode mixed.
///
/// Tokens of one sequence are consecutive, with ascending positions without gaps; every earlier position of the
/// sequence was a token of an earlier step. Each sampling is named by exactly one token.
package struct StepBatch: Sendable, Equatable {
    /// The tokens to compute, at most the runner's `maxStepTokens`.
    package var tokens: [StepToken]
    /// The sequences that the tokens belong to.
    package var sequences: [StepSequence]
    /// The tokens to sample, at most one after each token of the step.
    package var samplings: [SamplingPlan]

    /// A batch; empty by default, to be filled in place so that its memory is used again.
    package init(tokens: [StepToken] = [], sequences: [StepSequence] = [], samplings: [SamplingPlan] = []) {
        self.tokens = tokens
        self.sequences = sequences
        self.samplings = samplings
    }

    /// Empties the batch and keeps its memory for the next step.
    package mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        samplings.removeAll(keepingCapacity: true)
    }
}
