// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels
import FlowServe
import LanguageModels
import TestSupport
import Testing

@Suite("ModelRunner: logits of every family")
struct FamilyModelTests {
    private static let blocks: [Int32] = [0, 1, 2, 3]
    private static let decoders = Architecture.allCases.filter { $0 != .bert && $0 != .nomicBERT }

    private func model(_ family: Architecture, leavingOut: TinyModel.Name? = nil) throws -> TinyModel {
        try TinyModel(TinyModel.odd(family), leavingOut: leavingOut)
    }

    @Test(
        "are the same bits for every cut of the prompt, number of ranks and company", arguments: decoders)
    func invariance(_ family: Architecture) throws {
        let model = try model(family)
        let tokens = someTokens(80, vocabulary: 101)
        let expected = try RunnerFixture(model).logits(of: tokens, chunk: 80, blocks: Self.blocks)
        var others = StepBatch()
        for other in 0..<5 {
            others.sequences.append(StepSequence(blockTable: [Int32(10 + other)]))
            others.tokens.append(StepToken(id: Int32(other * 13), position: 0, sequence: other))
        }
        for (chunk, ranks, beside) in [(1, 1, nil), (7, 2, others), (33, 3, nil), (1, 2, others)]
            as [(Int, Int, StepBatch?)]
        {
            let found = try RunnerFixture(model, ranks: ranks).logits(
                of: tokens, chunk: chunk, blocks: Self.blocks, beside: beside)
            #expect(found == expected, "chunks of \(chunk) on \(ranks) ranks")
        }
    }

    @Test("are the same bits on every instruction set", arguments: decoders)
    func paths(_ family: Architecture) throws {
        let model = try model(family)
        let tokens = someTokens(40, vocabulary: 101)
        let expected = try RunnerFixture(model).logits(of: tokens, chunk: 40, blocks: Self.blocks)
        defer { flow_path_force(-1) }
        for path in [FLOW_PATH_PORTABLE, FLOW_PATH_AVX2, FLOW_PATH_AVX512] where flow_path_force(Int32(path.rawValue)) {
            #expect(try RunnerFixture(model).logits(of: tokens, chunk: 40, blocks: Self.blocks) == expected)
        }
    }

    @Test(
        "are not computed without a tensor that the family needs",
        arguments: [
            (Architecture.qwen2, TensorRole.attentionQueryBias), (.qwen2, .attentionKeyBias),
            (.qwen2, .attentionValueBias), (.qwen3, .attentionQueryNorm), (.qwen3, .attentionKeyNorm),
            (.gemma2, .attentionPostNorm), (.olmo2, .feedForwardPostNorm), (.qwen3moe, .expertDown),
            (.qwen2moe, .sharedExpertRouter), (.bert, .attentionPostNormBias),
        ])
    func missing(_ family: Architecture, _ role: TensorRole) throws {
        let model = try model(family, leavingOut: .init(role, layer: 1))
        #expect(throws: ModelRunnerError.model(.missingTensor(role, layer: 1))) { _ = try RunnerFixture(model) }
    }
}
