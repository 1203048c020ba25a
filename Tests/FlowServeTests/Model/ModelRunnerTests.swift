// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels
import FlowServe
import LanguageModels
import TestSupport
import Testing

@Suite("ModelRunner: logits")
struct ModelRunnerTests {
    private static let blocks: [Int32] = [0, 1, 2, 3, 4]

    private static func baseline(_ model: TinyModel, _ tokens: [Int32]) throws -> [[UInt32]] {
        try RunnerFixture(model).logits(of: tokens, chunk: tokens.count, blocks: blocks)
    }

    @Test(
        "agree with a double-precision reference within one in a thousand",
        arguments: [(TinyModel.odd, KernelLayout.panelF16, true), (TinyModel.even, .panelF32, false)])
    func reference(_ shape: ModelConfiguration, _ layout: KernelLayout, _ tied: Bool) throws {
        let model = try TinyModel(shape, layout: layout, tied: tied)
        let tokens = someTokens(70, vocabulary: shape.vocabularySize)
        let logits = try Self.baseline(model, tokens)
        var reference = TinyModelReference(model)
        for (position, token) in tokens.enumerated() {
            let expected = reference.logits(after: Int(token))
            let scale = expected.map { abs($0) }.max() ?? 0
            for (bits, number) in zip(logits[position], expected) {
                #expect(abs(Double(Float(bitPattern: bits)) - number) < 1e-3 * scale)
            }
        }
    }

    @Test("are the same bits however the prompt is cut", arguments: [1, 7, 32, 33])
    func chunks(_ chunk: Int) throws {
        let model = try TinyModel()
        let tokens = someTokens(100, vocabulary: 101)
        let cut = try RunnerFixture(model).logits(of: tokens, chunk: chunk, blocks: Self.blocks)
        #expect(try cut == Self.baseline(model, tokens))
    }

    @Test("are the same bits on any number of ranks", arguments: [2, 3, 5, 8], [1, 20, 100])
    func ranks(_ count: Int, _ chunk: Int) throws {
        let model = try TinyModel(seed: 9)
        let tokens = someTokens(100, vocabulary: 101)
        let several = try RunnerFixture(model, ranks: count).logits(of: tokens, chunk: chunk, blocks: Self.blocks)
        #expect(try several == Self.baseline(model, tokens))
    }

    @Test("are the same bits on every instruction set")
    func paths() throws {
        let model = try TinyModel()
        let tokens = someTokens(70, vocabulary: 101)
        let expected = try Self.baseline(model, tokens)
        defer { flow_path_force(-1) }
        for path in [FLOW_PATH_PORTABLE, FLOW_PATH_AVX2, FLOW_PATH_AVX512] where flow_path_force(Int32(path.rawValue)) {
            #expect(try Self.baseline(model, tokens) == expected)
        }
    }

    @Test("are the same bits wherever the blocks lie")
    func blockOrder() throws {
        let model = try TinyModel()
        let tokens = someTokens(100, vocabulary: 101)
        let scattered = try RunnerFixture(model).logits(of: tokens, chunk: 100, blocks: [63, 7, 31, 0])
        #expect(try scattered == Self.baseline(model, tokens))
    }

    @Test("are the same bits beside other sequences, at any place in the batch", arguments: [1, 2, 3, 8, 27])
    func batch(_ otherCount: Int) throws {
        let model = try TinyModel()
        let tokens = someTokens(60, vocabulary: 101)
        var others = StepBatch()
        for other in 0..<otherCount {
            others.sequences.append(StepSequence(blockTable: [Int32(10 + other)]))
            for position in 0...other % 4 {
                let token = Int32((other * 13 + position) % 101)
                others.tokens.append(StepToken(id: token, position: position, sequence: other))
            }
        }
        for chunk in [1, 9, 60] {
            let together = try RunnerFixture(model, ranks: 2).logits(
                of: tokens, chunk: chunk, blocks: Self.blocks, beside: others)
            #expect(try together == Self.baseline(model, tokens))
        }
    }

    @Test("of 32 sequences that decode together are those of each alone")
    func manySequences() throws {
        let model = try TinyModel()
        let prompts = (0..<32).map { someTokens(40 + $0 % 5, vocabulary: 101, seed: $0 + 1) }
        let together = try RunnerFixture(model, blocks: 64, ranks: 3)
        var last: [[UInt32]] = Array(repeating: [], count: 32)
        var sampled: [Int32] = []
        for position in 0..<44 {
            var batch = StepBatch()
            let present = prompts.indices.filter { position < prompts[$0].count }
            for index in present {
                batch.tokens.append(
                    StepToken(
                        id: prompts[index][position], position: position, sequence: batch.sequences.count,
                        sampling: batch.samplings.count))
                batch.sequences.append(StepSequence(blockTable: [Int32(2 * index), Int32(2 * index + 1)]))
                batch.samplings.append(SamplingPlan())
            }
            together.runner.run(batch, into: &sampled)
            for (sampling, index) in present.enumerated() {
                last[index] = together.runner.logits(ofSampling: sampling).map(\.bitPattern)
            }
        }
        for index in prompts.indices {
            #expect(try last[index] == Self.baseline(model, prompts[index]).last)
        }
    }
}
