// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels
import FlowServe
import LanguageModels
import TestSupport
import Testing

@Suite("ModelRunner: logits of quantised models")
struct QuantisedModelTests {
    /// A model's shape and the layouts that its matrices have in turn.
    struct Kind: CustomTestStringConvertible, Sendable {
        let shape: ModelConfiguration
        let layouts: [KernelLayout]
        var testDescription: String { layouts.map(\.name).joined(separator: " + ") + " of \(shape.hiddenSize)" }
    }

    private static let kinds = [
        Kind(shape: TinyModel.even, layouts: [.panelBF16]),
        Kind(shape: TinyModel.even, layouts: [.panelInt8]),
        Kind(shape: TinyModel.narrow, layouts: [.panelInt8]),
        Kind(shape: TinyModel.even, layouts: [.panelInt4]),
        Kind(shape: TinyModel.grouped, layouts: [.panelInt4Scaled]),
        Kind(shape: TinyModel.grouped, layouts: [.panelInt6Scaled]),
        Kind(shape: TinyModel.even, layouts: [.panelInt4Minima]),
        Kind(shape: TinyModel.even, layouts: [.panelInt6Minima]),
        Kind(shape: TinyModel.grouped, layouts: [.panelInt6ScaledMinima]),
        Kind(shape: TinyModel.grouped, layouts: [.panelInt2Scaled]),
        Kind(shape: TinyModel.even, layouts: [.panelCodebook]),
        Kind(shape: TinyModel.grouped, layouts: [.panelCodebookScaled]),
        Kind(
            shape: TinyModel.grouped,
            layouts: [
                .panelInt4Scaled, .panelInt6Scaled, .panelInt8, .panelF16, .panelInt4, .panelBF16, .panelF32,
            ]),
        Kind(shape: TinyModel.narrow, layouts: [.panelInt4, .panelF16, .panelF16, .panelInt8, .panelBF16]),
    ]
    private static let blocks: [Int32] = [0, 1, 2, 3]

    private func model(_ kind: Kind) throws -> TinyModel {
        try TinyModel(kind.shape, mixture: kind.layouts, tied: kind.layouts.count == 1)
    }

    private func tokens(_ kind: Kind, _ count: Int) -> [Int32] {
        someTokens(count, vocabulary: kind.shape.vocabularySize)
    }

    @Test(
        "agree with a double-precision reference over the same weights within what rounded activations allow",
        arguments: kinds)
    func reference(_ kind: Kind) throws {
        let model = try model(kind)
        let tokens = tokens(kind, 8)
        let logits = try RunnerFixture(model).logits(of: tokens, chunk: tokens.count, blocks: Self.blocks)
        var reference = TinyModelReference(model)
        let isFloat = kind.layouts.allSatisfy { $0.blockColumns == 1 }
        let allowed = kind.layouts.contains(.panelBF16) && isFloat ? 1e-2 : isFloat ? 1e-3 : 0.04
        for (position, token) in tokens.enumerated() {
            let expected = reference.logits(after: Int(token))
            let scale = expected.map { abs($0) }.max() ?? 0
            let errors = zip(logits[position], expected).map { abs(Double(Float(bitPattern: $0)) - $1) }
            #expect((errors.max() ?? 0) < allowed * scale)
        }
    }

    @Test("are the same bits for every cut of the prompt, number of ranks and company", arguments: kinds)
    func invariance(_ kind: Kind) throws {
        let model = try model(kind)
        let tokens = tokens(kind, 40)
        let expected = try RunnerFixture(model).logits(of: tokens, chunk: 40, blocks: Self.blocks)
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

    @Test("are the same bits on every instruction set", arguments: kinds)
    func paths(_ kind: Kind) throws {
        let model = try model(kind)
        let tokens = tokens(kind, 12)
        let expected = try RunnerFixture(model).logits(of: tokens, chunk: 12, blocks: Self.blocks)
        defer { flow_path_force(-1) }
        for path in [FLOW_PATH_PORTABLE, FLOW_PATH_AVX2, FLOW_PATH_AVX512] where flow_path_force(Int32(path.rawValue)) {
            #expect(try RunnerFixture(model).logits(of: tokens, chunk: 12, blocks: Self.blocks) == expected)
        }
    }
}
