// SPDX-License-Identifier: Apache-2.0
package import KVCache

/// A sequence's place in the order of arrival; smaller numbers came earlier.
package struct SequenceNumber: Hashable, Comparable, Sendable {
    /// Ascends with arrival.
    package let rawValue: UInt64

    /// A number; the owner of the planner makes them ascend.
    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Whether the left one came earlier.
    package static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What the planner knows of a sequence: counts and blocks, never tokens.
package struct PlannedSequence: Sendable, Equatable {
    /// Where a sequence stands.
    ///
    /// - `waiting`: holds no blocks. To `prefilling` when blocks for all its tokens are free.
    /// - `prefilling`: some tokens before the newest are not computed; blocks of the last ones may have been taken
    ///   away. To `decoding` with the sample of its last token; to `waiting` when its last block is taken away.
    /// - `decoding`: only its newest token is not computed. To `paused` when the reader lags a whole window behind; to
    ///   `prefilling` or `waiting` when blocks are taken away.
    /// - `paused`: the window is full, so it is in no step. Its blocks are the first to be taken away. Goes on with an
    ///   acknowledgement, from wherever its blocks reach.
    package enum Phase: Sendable, Equatable {
        case waiting, prefilling, decoding, paused
    }

    /// Its place in the order of arrival.
    package let number: SequenceNumber
    /// Where it stands.
    package internal(set) var phase: Phase = .waiting
    /// Tokens whose ids are known: the prompt and the answer so far.
    package internal(set) var tokenCount: Int
    /// Positions whose keys and values are in the blocks; always fewer than `tokenCount`.
    package internal(set) var computedCount = 0
    /// Index in the answer of the token that is sampled next.
    package internal(set) var nextIndex: Int
    /// Tokens of the answer below this index have reached the reader.
    package internal(set) var acknowledgedIndex: Int
    /// The blocks of its positions, in their order.
    package internal(set) var blocks: BlockTable
    /// All of its tokens must be in one step.
    package let isWhole: Bool

    let queue: FairShares.Slot
    /// The last step that it was part of, or the one before it came.
    var lastStep: Int
    /// When it was last given tokens, in the order of all that were given.
    var lastTurn = 0

    init(
        number: SequenceNumber, tokenCount: Int, nextIndex: Int, isWhole: Bool, tokensPerBlock: Int,
        queue: FairShares.Slot, step: Int
    ) {
        self.isWhole = isWhole
        self.number = number
        self.tokenCount = tokenCount
        self.nextIndex = nextIndex
        self.queue = queue
        lastStep = step
        acknowledgedIndex = nextIndex
        blocks = BlockTable(tokensPerBlock: tokensPerBlock)
    }

    /// Whether the reader is a whole window behind.
    func isWindowFull(_ limits: BatchLimits) -> Bool {
        nextIndex - acknowledgedIndex >= limits.unacknowledgedTokens
    }

    /// Whether blocks could be taken away from it.
    var holdsBlocks: Bool { !blocks.blocks.isEmpty }

    /// Whether it is let in and wants to be computed.
    var isUnderway: Bool { phase == .prefilling || phase == .decoding }

    /// Blocks that it lacks for all its tokens.
    var missingBlocks: Int { blocks.missingBlocks(forPositions: tokenCount) }

    /// Tokens that can be computed with the blocks there are.
    var computableCount: Int { min(tokenCount, blocks.capacity) - computedCount }

    /// Whether it gets no further for want of blocks.
    var lacksMemory: Bool { phase != .paused && (isWhole ? missingBlocks > 0 : computableCount == 0) }

    /// Gives up its last blocks; what was computed there is computed again later, which changes no bit of the answer.
    mutating func giveUp(_ count: Int, to source: inout some BlockSource) {
        blocks.shrink(by: isWhole ? blocks.blocks.count : count, into: &source)
        computedCount = min(computedCount, blocks.capacity)
        if phase != .paused { phase = presentPhase }
    }

    /// Where a sequence stands that is not paused.
    var presentPhase: Phase {
        if !holdsBlocks { return .waiting }
        return computedCount > 0 && computedCount == tokenCount - 1 ? .decoding : .prefilling
    }
}
