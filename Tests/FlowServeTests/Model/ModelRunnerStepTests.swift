// SPDX-License-Identifier: Apache-2.0
import Artefacts
import FlowServe
import LanguageModels
import TestSupport
import Testing

@Suite("ModelRunner: steps")
struct ModelRunnerStepTests {
    /// Generates `count` tokens after a prompt.
    private func answer(_ fixture: RunnerFixture, _ plan: SamplingPlan, count: Int) -> [Int32] {
        var sequence = someTokens(20, vocabulary: 101)
        var sampled: [Int32] = []
        var start = 0
        for index in 0..<count {
            var plan = plan
            plan.index = UInt64(index)
            var batch = StepBatch(sequences: [StepSequence(blockTable: [5, 2, 9, 1])], samplings: [plan])
            for position in start..<sequence.count {
                batch.tokens.append(
                    StepToken(
                        id: sequence[position], position: position, sequence: 0,
                        sampling: position == sequence.count - 1 ? 0 : nil))
            }
            start = sequence.count
            fixture.runner.run(batch, into: &sampled)
            sequence += sampled
        }
        return Array(sequence[20...])
    }

    @Test("give the same answer for the same seed, on any number of ranks, and another one for another seed")
    func seeds() throws {
        let model = try TinyModel()
        let plan = SamplingPlan(temperature: 1, topK: 40, seed: 7)
        let first = answer(try RunnerFixture(model), plan, count: 50)
        #expect(answer(try RunnerFixture(model, ranks: 2), plan, count: 50) == first)
        #expect(answer(try RunnerFixture(model), SamplingPlan(temperature: 1, topK: 40, seed: 8), count: 50) != first)
    }

    @Test("choose the largest logit at temperature 0")
    func greedy() throws {
        let fixture = try RunnerFixture(try TinyModel())
        var batch = StepBatch(sequences: [StepSequence(blockTable: [0])], samplings: [SamplingPlan()])
        batch.tokens = [StepToken(id: 3, position: 0, sequence: 0, sampling: 0)]
        var sampled: [Int32] = []
        fixture.runner.run(batch, into: &sampled)
        let logits = Array(fixture.runner.logits(ofSampling: 0))
        #expect(sampled == [Int32(logits.firstIndex(of: logits.max() ?? 0) ?? -1)])
        batch.samplings[0].bannedToken = sampled[0]
        var second: [Int32] = []
        fixture.runner.run(batch, into: &second)
        #expect(second != sampled)
        #expect(Array(fixture.runner.logits(ofSampling: 0)) == logits)
    }

    @Test("without samplings still write keys and values")
    func prefillOnly() throws {
        let model = try TinyModel()
        let tokens = someTokens(40, vocabulary: 101)
        let fixture = try RunnerFixture(model, ranks: 2)
        var batch = StepBatch(sequences: [StepSequence(blockTable: [3, 4])])
        batch.tokens = (0..<39).map { StepToken(id: tokens[$0], position: $0, sequence: 0) }
        var sampled: [Int32] = [1, 2, 3]
        fixture.runner.run(batch, into: &sampled)
        #expect(sampled.isEmpty)
        batch.tokens = [StepToken(id: tokens[39], position: 39, sequence: 0, sampling: 0)]
        batch.samplings = [SamplingPlan()]
        fixture.runner.run(batch, into: &sampled)
        let last = fixture.runner.logits(ofSampling: 0).map(\.bitPattern)
        #expect(try last == RunnerFixture(model).logits(of: tokens, chunk: 40, blocks: [0, 1]).last)
    }

    @Test("go on in other key and value memory, and after the ranks were stopped")
    func memoryAndRanks() throws {
        let model = try TinyModel()
        let plan = SamplingPlan(temperature: 0.8, seed: 3)
        let fixture = try RunnerFixture(model)
        let first = answer(fixture, plan, count: 10)
        let other = UnsafeMutableRawBufferPointer.allocate(
            byteCount: fixture.runner.geometry.bytesPerBlock * 10, alignment: 64)
        defer { other.deallocate() }
        try fixture.runner.useKeyValueMemory(other)
        try fixture.runner.startRanks()
        #expect(answer(fixture, plan, count: 10) == first)
        fixture.runner.stop()
        #expect(answer(fixture, plan, count: 10) == first)
        try fixture.runner.startRanks(count: 4)
        #expect(answer(fixture, plan, count: 10) == first)
    }

    @Test("give the same logits after idle memory was released")
    func releasedMemory() throws {
        let fixture = try RunnerFixture(try TinyModel(), ranks: 2)
        let tokens = someTokens(60, vocabulary: 101)
        let before = fixture.logits(of: tokens, chunk: 60, blocks: [0, 1])
        fixture.runner.releaseIdleMemory()
        #expect(fixture.logits(of: [tokens[0]], chunk: 1, blocks: [2]) == [before[0]])
        fixture.runner.releaseIdleMemory()
        #expect(fixture.logits(of: tokens, chunk: 60, blocks: [0, 1]) == before)
    }

    @Test("are refused where memory, ranks or tokens make no sense")
    func refusals() throws {
        let model = try TinyModel()
        let bytes = KVLayout(configuration: model.configuration).bytesPerBlock
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
        defer { memory.deallocate() }
        #expect(throws: ModelRunnerError.rankCount(0)) {
            _ = try ModelRunner(artefact: model.artefact, keyValueMemory: memory, rankCount: 0, maxStepTokens: 1)
        }
        #expect(throws: ModelRunnerError.rankCount(1025)) {
            let runner = try ModelRunner(
                artefact: model.artefact, keyValueMemory: memory, rankCount: 1, maxStepTokens: 1)
            try runner.startRanks(count: 1025)
        }
        #expect(throws: ModelRunnerError.maxStepTokens(5000)) {
            _ = try ModelRunner(artefact: model.artefact, keyValueMemory: memory, rankCount: 1, maxStepTokens: 5000)
        }
        let short = UnsafeMutableRawBufferPointer(rebasing: memory[..<(bytes - 1)])
        #expect(throws: ModelRunnerError.keyValueMemory(bytes: bytes - 1, bytesPerBlock: bytes)) {
            _ = try ModelRunner(artefact: model.artefact, keyValueMemory: short, rankCount: 1, maxStepTokens: 1)
        }
        let missing = TinyModel.Name(.feedForwardUp, layer: 1)
        let incomplete = try TinyModel(leavingOut: missing)
        #expect(throws: ModelRunnerError.model(.missingTensor(.feedForwardUp, layer: 1))) {
            _ = try ModelRunner(artefact: incomplete.artefact, keyValueMemory: memory, rankCount: 1, maxStepTokens: 1)
        }
    }
}
