// SPDX-License-Identifier: Apache-2.0
import LanguageModels

/// The flat form of a batch, in memory that is used again for every step.
final class StepMemory {
    private let maxStepTokens: Int
    private let tokenIDs: UnsafeMutablePointer<Int32>  // [tokens]
    private let positions: UnsafeMutablePointer<Int32>  // [tokens]
    private let sequences: UnsafeMutablePointer<Int32>  // [tokens]
    private let sampledTokens: UnsafeMutablePointer<Int32>  // [samplings]
    private let pooledTokens: UnsafeMutablePointer<Int32>  // [pooled tokens]
    private let tables: UnsafeMutablePointer<UnsafePointer<Int32>>  // [sequences]
    private let neededBlocks: UnsafeMutablePointer<Int>  // [sequences]
    private let sequenceLengths: UnsafeMutablePointer<Int32>  // [sequences]
    private var blocks: UnsafeMutableBufferPointer<Int32>  // all tables behind each other

    init(maxStepTokens: Int) {
        self.maxStepTokens = maxStepTokens
        tokenIDs = .allocate(capacity: maxStepTokens)
        positions = .allocate(capacity: maxStepTokens)
        sequences = .allocate(capacity: maxStepTokens)
        sampledTokens = .allocate(capacity: maxStepTokens)
        pooledTokens = .allocate(capacity: maxStepTokens)
        tables = .allocate(capacity: maxStepTokens)
        neededBlocks = .allocate(capacity: maxStepTokens)
        sequenceLengths = .allocate(capacity: maxStepTokens)
        blocks = .allocate(capacity: 1024)
    }

    deinit {
        tokenIDs.deallocate()
        positions.deallocate()
        sequences.deallocate()
        sampledTokens.deallocate()
        pooledTokens.deallocate()
        tables.deallocate()
        neededBlocks.deallocate()
        sequenceLengths.deallocate()
        blocks.deallocate()
    }

    /// Checks a batch against the model and the memory, and lays it out for the forward pass. A batch that breaks the
    /// rules of `StepBatch` is the planner's mistake, never a client's, and ends the process.
    func layOut(_ batch: StepBatch, vocabularySize: Int, contextLength: Int, blockCount: Int) -> StepInput {
        precondition(
            !batch.tokens.isEmpty && batch.tokens.count <= maxStepTokens, "a step has 1 to \(maxStepTokens) tokens")
        precondition(batch.sequences.count <= batch.tokens.count, "a sequence of the step has no token")
        precondition(batch.samplings.count <= batch.tokens.count, "a sampling of the step has no token")
        let pooledCount = layOutTokens(batch, vocabularySize: vocabularySize, contextLength: contextLength)
        layOutTables(batch, blockCount: blockCount)
        return StepInput(
            tokenCount: batch.tokens.count, sampledCount: batch.samplings.count, pooledCount: pooledCount,
            tokenIDs: tokenIDs,
            positions: positions, sequences: sequences, blockTables: tables, sampledTokens: sampledTokens,
            pooledTokens: pooledTokens, sequenceLengths: UnsafePointer(sequenceLengths))
    }

    /// Returns the number of pooled tokens.
    private func layOutTokens(_ batch: StepBatch, vocabularySize: Int, contextLength: Int) -> Int {
        var pooledCount = 0
        for sampling in batch.samplings.indices { sampledTokens[sampling] = -1 }
        for sequence in batch.sequences.indices { neededBlocks[sequence] = 0 }
        for (index, token) in batch.tokens.enumerated() {
            precondition(token.id >= 0 && Int(token.id) < vocabularySize, "a token's id is not in the vocabulary")
            precondition(
                token.position >= 0 && token.position < contextLength, "a token is outside the model's context")
            precondition(batch.sequences.indices.contains(token.sequence), "a token's sequence is not in the step")
            let earlier = neededBlocks[token.sequence]
            if index > 0, batch.tokens[index - 1].sequence == token.sequence {
                precondition(token.position == batch.tokens[index - 1].position + 1, "a sequence's tokens have gaps")
            } else {
                precondition(earlier == 0, "a sequence's tokens are not consecutive")
            }
            tokenIDs[index] = token.id
            positions[index] = Int32(token.position)
            sequences[index] = Int32(token.sequence)
            neededBlocks[token.sequence] = token.position / KVLayout.tokensPerBlock + 1
            if token.isPooled {
                precondition(token.sampling == nil, "a token is sampled or pooled, not both")
                pooledTokens[pooledCount] = Int32(index)
                pooledCount += 1
            }
            guard let sampling = token.sampling else { continue }
            precondition(batch.samplings.indices.contains(sampling), "a token's sampling is not in the step")
            precondition(sampledTokens[sampling] < 0, "two tokens name the same sampling")
            sampledTokens[sampling] = Int32(index)
        }
        for sampling in batch.samplings.indices {
            precondition(sampledTokens[sampling] >= 0, "no token names a sampling of the step")
        }
        return pooledCount
    }

    private func layOutTables(_ batch: StepBatch, blockCount: Int) {
        let total = batch.sequences.indices.reduce(0) { $0 + neededBlocks[$1] }
        if total > blocks.count {
            blocks.deallocate()
            blocks = .allocate(capacity: total + total / 2)
        }
        guard var next = blocks.baseAddress else { preconditionFailure("the block tables have no memory") }
        for (index, sequence) in batch.sequences.enumerated() {
            let needed = neededBlocks[index]
            precondition(needed <= sequence.blockTable.count, "a sequence has too few blocks for its tokens")
            tables[index] = UnsafePointer(next)
            sequenceLengths[index] = Int32(clamping: sequence.tokenCount)
            for entry in 0..<needed {
                let block = sequence.blockTable[entry]
                precondition(block >= 0 && Int(block) < blockCount, "a block is outside the instance's memory")
                next[entry] = block
            }
            next += needed
        }
    }
}
