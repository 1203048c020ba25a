// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels
import FlowServe
import Foundation
import LanguageModels
import ServingModel
import TestSupport
import Testing

@Suite("ModelRunner: batch invariance")
struct BatchInvarianceTests {
    /// Every layout that matrices can have, and their mixture.
    private static let kinds: [(shape: ModelConfiguration, layouts: [KernelLayout])] = [
        (TinyModel.odd, [.panelF16]), (TinyModel.even, [.panelF32]), (TinyModel.even, [.panelBF16]),
        (TinyModel.even, [.panelInt8]), (TinyModel.narrow, [.panelInt8]), (TinyModel.even, [.panelInt4]),
        (TinyModel.grouped, [.panelInt4Scaled]), (TinyModel.grouped, [.panelInt6Scaled]),
        (TinyModel.even, [.panelInt4Minima]), (TinyModel.even, [.panelInt6Minima]),
        (TinyModel.grouped, [.panelInt6ScaledMinima]), (TinyModel.grouped, [.panelInt2Scaled]),
        (TinyModel.even, [.panelCodebook]), (TinyModel.grouped, [.panelCodebookScaled]),
        (TinyModel.grouped, [.panelInt4Scaled, .panelInt6Scaled, .panelInt8, .panelF16, .panelInt4, .panelBF16]),
    ]

    /// Random schedules for each layout; the full run has 200.
    private static let schedules =
        Int(ProcessInfo.processInfo.environment["DEEPFLOW_INVARIANCE_SCHEDULES"] ?? "") ?? 6

    @Test(
        "gives every token the same logits, to the bit, whatever else is computed and however prompts are cut",
        arguments: kinds.indices, [nil, KeyValueType.bytes])
    func schedules(_ kind: Int, _ keyValueType: KeyValueType?) throws {
        let (shape, layouts) = Self.kinds[kind]
        let model = try TinyModel(shape, mixture: layouts, tied: layouts.count == 1)
        let texts = InvarianceTexts(vocabulary: shape.vocabularySize)
        let alone = try RunnerFixture(model, blocks: 8, ranks: 1, keyValueType: keyValueType)
        let expected = texts.all.map { alone.logits(of: $0, chunk: 1, blocks: Array(0..<8)) }
        let runners = try [1, 2].map {
            try RunnerFixture(model, blocks: 64, ranks: $0, tokens: 64, keyValueType: keyValueType)
        }
        for seed in 1...Self.schedules {
            var schedule = RandomSchedule(texts, seed: seed)
            let runner = runners[seed % 2].runner
            var sampled: [Int32] = []
            while let step = schedule.next() {
                runner.run(step.batch, into: &sampled)
                for (sampling, place) in step.places.enumerated() {
                    let found = runner.logits(ofSampling: sampling).map(\.bitPattern)
                    #expect(
                        found == expected[place.text][place.position],
                        "schedule \(seed), text \(place.text), position \(place.position)")
                }
            }
        }
    }
}

/// Texts of many lengths, some of which begin as others do, for at least a block.
struct InvarianceTexts {
    let all: [[Int32]]
    /// For each text the one that it shares its first 64 tokens with, if any.
    let sources: [Int?]

    init(vocabulary: Int) {
        let first = someTokens(100, vocabulary: vocabulary, seed: 1)
        all = [
            first, someTokens(3, vocabulary: vocabulary, seed: 2), someTokens(33, vocabulary: vocabulary, seed: 3),
            Array(first[..<64]) + someTokens(20, vocabulary: vocabulary, seed: 4),
            someTokens(64, vocabulary: vocabulary, seed: 5), Array(first[..<64]) + [1],
        ]
        sources = [nil, nil, nil, 0, nil, 0]
    }
}

/// Steps that compute all texts, each with chunks of random sizes beside random others; a text that begins as another
/// one does may use the blocks that this one has filled.
private struct RandomSchedule {
    struct Place {
        let text: Int
        let position: Int
    }

    private let texts: InvarianceTexts
    private var random: StepGenerator
    private var done: [Int]
    private var tables: [[Int32]]
    private let largestStep: Int

    init(_ texts: InvarianceTexts, seed: Int) {
        self.texts = texts
        random = StepGenerator(state: UInt64(seed))
        done = texts.all.map { _ in 0 }
        let blocks = (0..<Int32(64)).shuffled(using: &random)
        tables = texts.all.indices.map { Array(blocks[$0 * 4..<$0 * 4 + 4]) }
        largestStep = [1, 2, 7, 8, 9, 17, 40, 64][Int.random(in: 0..<8, using: &random)]
    }

    mutating func next() -> (batch: StepBatch, places: [Place])? {
        takePrefixes()
        let waiting = texts.all.indices.filter { done[$0] < texts.all[$0].count }.shuffled(using: &random)
        guard !waiting.isEmpty else { return nil }
        var batch = StepBatch()
        var places: [Place] = []
        for text in waiting.prefix(Int.random(in: 1...waiting.count, using: &random))
        where batch.tokens.count < largestStep {
            let left = min(texts.all[text].count - done[text], largestStep - batch.tokens.count)
            let count = Bool.random(using: &random) ? left : Int.random(in: 1...left, using: &random)
            for position in done[text]..<done[text] + count {
                let isSampled = Int.random(in: 0..<3, using: &random) > 0
                batch.tokens.append(
                    StepToken(
                        id: texts.all[text][position], position: position, sequence: batch.sequences.count,
                        sampling: isSampled ? places.count : nil))
                guard isSampled else { continue }
                places.append(Place(text: text, position: position))
                batch.samplings.append(SamplingPlan())
            }
            batch.sequences.append(StepSequence(blockTable: tables[text]))
            done[text] += count
        }
        return (batch, places)
    }

    /// Lets texts that have not begun go on behind the whole blocks of the one that they begin as.
    private mutating func takePrefixes() {
        for (text, source) in texts.sources.enumerated() {
            guard let source, done[text] == 0, done[source] >= 64, Bool.random(using: &random) else { continue }
            tables[text].replaceSubrange(0..<2, with: tables[source][0..<2])
            done[text] = 64
        }
    }
}
