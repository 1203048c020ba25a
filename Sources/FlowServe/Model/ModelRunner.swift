// SPDX-License-Identifier: Apache-2.0
package import Artefacts
import CFlowKernels
package import LanguageModels
package import ServingModel

/// Runs a model step by step: tokens in, one sampled token for each plan out.
///
/// It can be made in a template before the fork, run there on the calling thread alone (a rehearsal that touches code
/// and tables), and then be used by each child: `useKeyValueMemory` gives the child's own memory, `startRanks` its
/// threads. Results depend on none of this: logits are the same bits for every batch, cut of the prompt, number of
/// ranks and process. One thread uses a runner at a time.
package final class ModelRunner {
    /// The most tokens that any runner's step may have.
    package static let largestStep = 4096

    /// Where keys and values lie, and how large a block is.
    package var geometry: KVLayout { forward.geometry }
    /// The most tokens of a step.
    package let maxStepTokens: Int
    /// Blocks that the key and value memory holds.
    package private(set) var blockCount: Int

    /// While it is set, a step on the calling thread alone computes one tile of a few of its operations: their code and
    /// tables are used, results mean nothing, and it takes no time that grows with the model.
    package var isRehearsing = false

    private let configuration: ModelConfiguration
    private let forward: any ForwardPass
    private let program: RunnerProgram
    private let memory: StepMemory
    private let sampler: Sampler
    private let rankCount: Int
    private var team: RankTeam?
    private var samplingCount = 0

    /// A runner over a mapped artefact, which must stay mapped.
    ///
    /// - keyValueMemory: aligned to 64 bytes; cut into blocks of `geometry.bytesPerBlock`, at least one.
    /// - keyValueType: of keys and values; nil: as packing chose.
    /// - rankCount: 1...1024, the threads that `startRanks` makes of it, the caller's among them.
    /// - maxStepTokens: 1...4096; memory for tokens is used only when steps have them.
    package init(
        artefact: Artefact, keyValueMemory: UnsafeMutableRawBufferPointer, keyValueType: KeyValueType? = nil,
        rankCount: Int, maxStepTokens: Int
    ) throws(ModelRunnerError) {
        guard (1...Int(FLOW_WORK_QUEUE_RANKS)).contains(rankCount) else { throw .rankCount(rankCount) }
        guard (1...Self.largestStep).contains(maxStepTokens) else { throw .maxStepTokens(maxStepTokens) }
        let geometry = KVLayout(configuration: artefact.configuration, type: keyValueType)
        let checked = try Self.check(keyValueMemory, geometry)
        blockCount = checked.blocks
        configuration = artefact.configuration
        self.rankCount = rankCount
        self.maxStepTokens = maxStepTokens
        do throws(LanguageModelError) {
            forward = try LanguageModel.forwardPass(
                of: artefact, maxStepTokens: maxStepTokens, keyValueMemory: checked.start, keyValueType: keyValueType)
        } catch {
            throw .model(error)
        }
        sampler = Sampler(vocabularySize: artefact.configuration.vocabularySize, maximumPlans: maxStepTokens)
        program = RunnerProgram(forward: forward, sampler: sampler)
        memory = StepMemory(maxStepTokens: maxStepTokens)
    }

    /// Takes other key and value memory, with nothing of the former one's content, to keep keys and values there in a
    /// type: the one that packing chose where none is given. Between steps only.
    package func useKeyValueMemory(
        _ keyValueMemory: UnsafeMutableRawBufferPointer, keyValueType: KeyValueType? = nil
    ) throws(ModelRunnerError) {
        let geometry = KVLayout(configuration: configuration, type: keyValueType)
        let checked = try Self.check(keyValueMemory, geometry)
        forward.useKeyValueMemory(checked.start, geometry)
        blockCount = checked.blocks
    }

    /// Starts the ranks' threads, as many as the runner was made for or as are given here (a template does not know
    /// what its children will be granted). Before this, `run` computes everything on the calling thread.
    package func startRanks(count: Int? = nil) throws(ModelRunnerError) {
        guard team == nil else { return }
        let count = count ?? rankCount
        team = try RankTeam(rankCount: count)
        sampler.reserve(rankCount: count)
        forward.rankCount = count
    }

    /// Computes a step and writes the sampled tokens, one for each plan of the batch, in their order. A batch that
    /// breaks the rules of `StepBatch` ends the process. Nothing is allocated when buffers have grown to their size.
    package func run(_ batch: StepBatch, into sampled: inout [Int32]) {
        let input = memory.layOut(
            batch, vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength,
            blockCount: blockCount)
        program.prepare(input, plans: batch.samplings)
        if let team {
            team.run(program)
        } else {
            runAlone()
        }
        samplingCount = batch.samplings.count
        sampler.releasePlans(count: samplingCount)
        sampled.removeAll(keepingCapacity: true)
        for index in 0..<samplingCount { sampled.append(program.token(ofSampling: index)) }
    }

    /// Gives memory that large steps used back to the kernel, for an instance that has nothing to do; the logits of the
    /// last step are lost. The next step takes pages again as it needs them.
    package func releaseIdleMemory() {
        samplingCount = 0
        forward.releaseActivations()
    }

    /// The logits of a sampling of the last step, one for each token of the vocabulary; valid until the next step.
    package func logits(ofSampling index: Int) -> UnsafeBufferPointer<Float> {
        precondition(index >= 0 && index < samplingCount, "the last step has no such sampling")
        return UnsafeBufferPointer(forward.logits(ofSampled: index))
    }

    /// How likely the token of a sampling of the last step was, where its plan asked; valid until the next step.
    package func logprob(ofSampling index: Int) -> SampledLogprob? {
        sampler.logprob(ofSampling: index)
    }

    /// The hidden state of a pooled token of the last step, in the order of the batch's tokens; valid until the next
    /// step.
    package func hiddenState(ofPooled index: Int) -> UnsafeBufferPointer<Float> {
        forward.hiddenState(ofPooled: index)
    }

    /// Whether a text must be computed in one step.
    package var needsWholeTexts: Bool { forward.needsWholeTexts }

    /// Whether there are logits to choose tokens from; an encoder has only hidden states.
    package var hasLogits: Bool { forward.hasLogits }

    /// How far the ranks have come in whatever they compute; nil before they are started.
    package var progress: RankProgress? { team?.progress }

    /// Ends the ranks' threads; `run` works on the calling thread again.
    package func stop() {
        team?.stop()
        team = nil
        forward.rankCount = 1
    }

    private func runAlone() {
        flow_float_state_reset()
        let count = program.operationCount
        for operation in 0..<count where !isRehearsing || Self.isRehearsed(operation, of: count) {
            let tiles = program.tileCount(ofOperation: operation)
            for tile in 0..<(isRehearsing ? min(1, tiles) : tiles) {
                program.completeTile(tile, ofOperation: operation, rank: 0)
            }
        }
    }

    /// Layers are alike: those at the beginning stand for all, and the last operations make the token.
    private static func isRehearsed(_ operation: Int, of count: Int) -> Bool {
        operation < 24 || operation >= count - 4
    }

    private struct CheckedMemory {
        let start: UnsafeMutableRawPointer
        let blocks: Int
    }

    private static func check(
        _ memory: UnsafeMutableRawBufferPointer, _ geometry: KVLayout
    ) throws(ModelRunnerError) -> CheckedMemory {
        let blocks = memory.count / geometry.bytesPerBlock
        guard let start = memory.baseAddress, UInt(bitPattern: start) % 64 == 0, blocks > 0 else {
            throw .keyValueMemory(bytes: memory.count, bytesPerBlock: geometry.bytesPerBlock)
        }
        return CheckedMemory(start: start, blocks: min(blocks, Int(Int32.max)))
    }
}
