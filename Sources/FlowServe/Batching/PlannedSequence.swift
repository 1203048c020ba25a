// SPDX-License-Identifier: Apache-2.0
package import KVCache

/// A sequence's place in the order of arrival; smaller numbers came earlier and are served first.
package struct SequenceNumber: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What the planner knows of a sequence: counts and blocks, never tokens.
package struct PlannedSequence: Sendable, Equatable {
    /// Where a sequence stands.
    ///
    /// - `waiting`: holds no blocks. To `prefilling` when blocks for all its tokens are free.
    /// - `prefilling`: holds blocks for all its tokens, some of which are not computed. To `decoding` with the sample
    ///   of its last token; to `waiting` when its blocks are taken away.
    /// - `decoding`: only its newest token is not computed. To `paused` when the reader lags a whole window behind; to
    ///   `waiting` when its blocks are taken away.
    /// - `paused`: the window is full. Its blocks are the first to be taken away. To `decoding` with an
    ///   acknowledgement, or to `waiting` where the blocks are gone.
    package enum Phase: Sendable, Equatable {
        case waiting, prefilling, decoding, paused
    }

    package let number: SequenceNumber
    package internal(set) var phase: Phase = .waiting
    /// Tokens whose ids are known: the prompt and the answer so far.
    package internal(set) var tokenCount: Int
    /// Positions whose keys and values are in the blocks; always fewer than `tokenCount`.
    package internal(set) var computedCount = 0
    /// Index in the answer of the token that is sampled next.
    package internal(set) var nextIndex: Int
    /// Tokens of the answer below this index have reached the reader.
    package internal(set) var acknowledgedIndex: Int
    package internal(set) var blocks: BlockTable
    /// All of its tokens must be in one step.
    package let isWhole: Bool

    init(number: SequenceNumber, tokenCount: Int, nextIndex: Int, isWhole: Bool, tokensPerBlock: Int) {
        self.isWhole = isWhole
        self.number = number
        self.tokenCount = tokenCount
        self.nextIndex = nextIndex
        acknowledgedIndex = nextIndex
        blocks = BlockTable(tokensPerBlock: tokensPerBlock)
    }

    /// Whether the reader is a whole window behind.
    func isWindowFull(_ limits: BatchLimits) -> Bool {
        nextIndex - acknowledgedIndex >= limits.unacknowledgedTokens
    }

    /// Whether blocks could be taken away from it.
    var holdsBlocks: Bool { !blocks.blocks.isEmpty }

    /// Gives up the blocks; what was computed is computed again later, which changes no bit of the answer.
    mutating func giveUpBlocks(to pool: inout BlockPool) {
        blocks.empty(into: &pool)
        computedCount = 0
        if phase != .paused { phase = .waiting }
    }
}
