// SPDX-License-Identifier: Apache-2.0
import LanguageModels

/// The flat form of a batch, in memory that is used again for every step.
final class StepMemory {
    private let maximumRows: Int
    private let tokens: UnsafeMutablePointer<Int32>  // [rows]
    private let positions: UnsafeMutablePointer<Int32>  // [rows]
    private let sequences: UnsafeMutablePointer<Int32>  // [rows]
    private let sampledRows: UnsafeMutablePointer<Int32>  // [samplings]
    private let pooledRows: UnsafeMutablePointer<Int32>  // [pooled rows]
    private let tables: UnsafeMutablePointer<UnsafePointer<Int32>>  // [sequences]
    private let neededBlocks: UnsafeMutablePointer<Int>  // [sequences]
    private let reaches: UnsafeMutablePointer<Int32>  // [sequences]
    private var blocks: UnsafeMutableBufferPointer<Int32>  // all tables behind each other

    init(maximumRows: Int) {
        self.maximumRows = maximumRows
        tokens = .allocate(capacity: maximumRows)
        positions = .allocate(capacity: maximumRows)
        sequences = .allocate(capacity: maximumRows)
        sampledRows = .allocate(capacity: maximumRows)
        pooledRows = .allocate(capacity: maximumRows)
        tables = .allocate(capacity: maximumRows)
        neededBlocks = .allocate(capacity: maximumRows)
        reaches = .allocate(capacity: maximumRows)
        blocks = .allocate(capacity: 1024)
    }

    deinit {
        tokens.deallocate()
        positions.deallocate()
        sequences.deallocate()
        sampledRows.deallocate()
        pooledRows.deallocate()
        tables.deallocate()
        neededBlocks.deallocate()
        reaches.deallocate()
        blocks.deallocate()
    }

    /// Checks a batch against the model and the memory, and lays it out for the forward pass. A batch that breaks the
    /// rules of `StepBatch` is the planner's mistake, never a client's, and ends the process.
    func layOut(_ batch: StepBatch, vocabularySize: Int, contextLength: Int, blockCount: Int) -> StepInput {
        precondition(!batch.rows.isEmpty && batch.rows.count <= maximumRows, "a step has 1 to \(maximumRows) rows")
        precondition(batch.sequences.count <= batch.rows.count, "a sequence of the step has no row")
        precondition(batch.samplings.count <= batch.rows.count, "a sampling of the step has no row")
        let pooledCount = layOutRows(batch, vocabularySize: vocabularySize, contextLength: contextLength)
        layOutTables(batch, blockCount: blockCount)
        return StepInput(
            rowCount: batch.rows.count, sampledCount: batch.samplings.count, pooledCount: pooledCount, tokens: tokens,
            positions: positions, sequences: sequences, blockTables: tables, sampledRows: sampledRows,
            pooledRows: pooledRows, reaches: UnsafePointer(reaches))
    }

    /// Returns the number of pooled rows.
    private func layOutRows(_ batch: StepBatch, vocabularySize: Int, contextLength: Int) -> Int {
        var pooledCount = 0
        for sampling in batch.samplings.indices { sampledRows[sampling] = -1 }
        for sequence in batch.sequences.indices { neededBlocks[sequence] = 0 }
        for (index, row) in batch.rows.enumerated() {
            precondition(row.token >= 0 && Int(row.token) < vocabularySize, "a row's token is not in the vocabulary")
            precondition(row.position >= 0 && row.position < contextLength, "a row is outside the model's context")
            precondition(batch.sequences.indices.contains(row.sequence), "a row's sequence is not in the step")
            let earlier = neededBlocks[row.sequence]
            if index > 0, batch.rows[index - 1].sequence == row.sequence {
                precondition(row.position == batch.rows[index - 1].position + 1, "a sequence's rows have gaps")
            } else {
                precondition(earlier == 0, "a sequence's rows are not consecutive")
            }
            tokens[index] = row.token
            positions[index] = Int32(row.position)
            sequences[index] = Int32(row.sequence)
            neededBlocks[row.sequence] = row.position / KVLayout.tokensPerBlock + 1
            if row.isPooled {
                precondition(row.sampling == nil, "a row is sampled or pooled, not both")
                pooledRows[pooledCount] = Int32(index)
                pooledCount += 1
            }
            guard let sampling = row.sampling else { continue }
            precondition(batch.samplings.indices.contains(sampling), "a row's sampling is not in the step")
            precondition(sampledRows[sampling] < 0, "two rows name the same sampling")
            sampledRows[sampling] = Int32(index)
        }
        for sampling in batch.samplings.indices {
            precondition(sampledRows[sampling] >= 0, "no row names a sampling of the step")
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
            precondition(needed <= sequence.blockTable.count, "a sequence has too few blocks for its rows")
            tables[index] = UnsafePointer(next)
            reaches[index] = Int32(clamping: sequence.tokenCount)
            for entry in 0..<needed {
                let block = sequence.blockTable[entry]
                precondition(block >= 0 && Int(block) < blockCount, "a block is outside the instance's memory")
                next[entry] = block
            }
            next += needed
        }
    }
}
