// SPDX-License-Identifier: Apache-2.0

/// What one step computes, and for whom.
package struct StepPlan: Sendable, Equatable {
    /// At most one chunk per sequence; decoding sequences first, then prompts in the order of arrival.
    package internal(set) var chunks: [PlannedChunk] = []
    /// Sequences whose blocks were taken away to make room.
    package internal(set) var preempted: [SequenceNumber] = []

    /// Tokens of all chunks together.
    package var tokenCount: Int { chunks.reduce(0) { $0 + $1.count } }

    /// Tokens of answers: chunks of one token that ends in a sample. A prompt's last token alone counts as one too.
    package var answerTokenCount: Int { chunks.reduce(0) { $0 + ($1.count == 1 && $1.samples ? 1 : 0) } }

    /// Nothing to do until something happens: a submission, an acknowledgement, a cancellation.
    package var isEmpty: Bool { chunks.isEmpty }
}

/// Consecutive tokens of one sequence that are computed in one step.
package struct PlannedChunk: Sendable, Equatable {
    /// Whose tokens they are.
    package let sequence: SequenceNumber
    /// Position of the chunk's first token.
    package let firstPosition: Int
    /// Number of tokens, at least one.
    package let count: Int
    /// Whether the chunk reaches the sequence's last token, so that the next one is sampled after it.
    package let samples: Bool
    /// Physical blocks of the sequence; they hold every position up to the chunk's last.
    package let blocks: [Int32]
}
