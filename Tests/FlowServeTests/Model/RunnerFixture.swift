// SPDX-License-Identifier: Apache-2.0
import Artefacts
import FlowServe
import LanguageModels
import ServingModel
import TestSupport

/// A runner with key and value memory of its own, and the bits of every logit that it was asked for.
final class RunnerFixture {
    let runner: ModelRunner
    let model: TinyModel
    private let memory: UnsafeMutableRawBufferPointer

    init(
        _ model: TinyModel, blocks: Int = 64, ranks: Int = 1, tokens: Int = 128, keyValueType: KeyValueType? = nil
    ) throws {
        self.model = model
        let bytes = KVLayout(configuration: model.configuration, type: keyValueType).bytesPerBlock * blocks
        memory = .allocate(byteCount: bytes, alignment: 64)
        // Half floats that are not numbers: a kernel that reads what it should not shows it.
        for index in memory.indices { memory[index] = 0x7f }
        runner = try ModelRunner(
            artefact: model.artefact, keyValueMemory: memory, keyValueType: keyValueType, rankCount: ranks,
            maxStepTokens: tokens)
        if ranks > 1 { try runner.startRanks() }
    }

    deinit {
        runner.stop()
        memory.deallocate()
    }

    /// Runs the tokens as one sequence in steps of `chunk` tokens, all logits wanted; [tokens][vocabulary] bits.
    func logits(of tokens: [Int32], chunk: Int, blocks: [Int32], beside others: StepBatch? = nil) -> [[UInt32]] {
        var result: [[UInt32]] = []
        var sampled: [Int32] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            var batch = others ?? StepBatch()
            let first = batch.samplings.count
            let sequence = batch.sequences.count
            batch.sequences.append(StepSequence(blockTable: blocks))
            for position in start..<min(start + chunk, tokens.count) {
                batch.tokens.append(
                    StepToken(
                        id: tokens[position], position: position, sequence: sequence,
                        sampling: batch.samplings.count))
                batch.samplings.append(SamplingPlan())
            }
            runner.run(batch, into: &sampled)
            for sampling in first..<batch.samplings.count {
                result.append(runner.logits(ofSampling: sampling).map(\.bitPattern))
            }
        }
        return result
    }
}

/// Tokens that repeat for a seed and differ over it.
func someTokens(_ count: Int, vocabulary: Int, seed: Int = 0) -> [Int32] {
    (0..<count).map { Int32(($0 &* 7919 &+ seed &* 104_729 &+ ($0 &* $0) % 31) % vocabulary) }
}
