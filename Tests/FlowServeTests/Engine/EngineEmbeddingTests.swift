// SPDX-License-Identifier: Apache-2.0
import LanguageModels
import Messages
import ServingModel
import TestSupport
import Testing

@testable import FlowServe

@Suite("Embeddings of the engine")
struct EngineEmbeddingTests {
    private func submission(
        _ texts: [String], _ parameters: EmbeddingParameters = EmbeddingParameters(), task: UInt64 = 1,
        delivered: Int = 0
    ) -> TaskSubmission {
        TaskSubmission(
            task: TaskID(rawValue: task),
            work: .embedding(texts.map { .text($0, parsesControlTokens: false) }, parameters), delivered: delivered)
    }

    private let texts = (0..<40).map { String(repeating: "hello \($0) ", count: 1 + $0 % 7) }

    @Test("Each input has a vector of length 1, in the inputs' order, with its tokens counted")
    func order() throws {
        let answer = try EngineFixture(tokens: 16).answer(submission(texts))
        #expect(answer.vectors.map(\.index) == Array(0..<40))
        #expect(answer.promptTokens == answer.vectors.reduce(0) { $0 + $1.tokenCount })
        #expect(answer.outcome?.reason == .stop && answer.outcome?.completionTokens == 40)
        for input in answer.vectors {
            #expect(input.vector.count == 64)
            #expect(abs(input.vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
        #expect(Set(answer.vectors.map(\.vector)).count == 40)
    }

    @Test("Vectors are the same bits in any cut, beside anything", arguments: EmbeddingParameters.Pooling.causal)
    func invariance(pooling: EmbeddingParameters.Pooling) throws {
        let parameters = EmbeddingParameters(pooling: pooling)
        let expected = try EngineFixture(tokens: 64).answer(submission(texts, parameters)).vectors
        for tokens in [1, 3, 16] {
            let fixture = try EngineFixture(blocks: 12, tokens: tokens)
            fixture.engine.submit(.of(2, temperature: 1))
            fixture.engine.submit(submission(texts, parameters))
            let answers = fixture.run()
            #expect(answers[TaskID(rawValue: 1)]?.vectors == expected)
            #expect(answers[TaskID(rawValue: 2)]?.tokens.count == 40)
        }
    }

    @Test("Mean and last pooling are what the hidden states say")
    func pooling() throws {
        let fixture = try EngineFixture()
        let tokens: [Int32] = [104, 105, 106]
        let states = try hiddenStates(tokens)
        let mean = fixture.answer(
            TaskSubmission(task: TaskID(rawValue: 1), work: .embedding([.tokens(tokens)], .init(pooling: .mean))))
        let last = fixture.answer(
            TaskSubmission(task: TaskID(rawValue: 2), work: .embedding([.tokens(tokens)], .init(pooling: .last))))
        let sum = (0..<64).map { column in states.reduce(0) { $0 + Double($1[column]) } }
        #expect(close(mean.vectors[0].vector, sum))
        #expect(close(last.vectors[0].vector, states[2].map(Double.init)))
    }

    @Test("Fewer dimensions are the leading numbers at length 1 again")
    func dimensions() throws {
        let fixture = try EngineFixture()
        let whole = fixture.answer(submission(["hello"])).vectors[0].vector
        let part = fixture.answer(submission(["hello"], EmbeddingParameters(dimensions: 5), task: 2)).vectors[0].vector
        #expect(part.count == 5)
        #expect(close(part, whole.prefix(5).map(Double.init)))
    }

    @Test("A task that goes on elsewhere tells the rest")
    func continuation() throws {
        let whole = try EngineFixture().answer(submission(texts))
        for delivered in [1, 17, 39, 40] {
            let rest = try EngineFixture(tokens: 3).answer(submission(texts, delivered: delivered))
            #expect(rest.vectors == Array(whole.vectors.dropFirst(delivered)))
            #expect(rest.outcome?.completionTokens == 40)
        }
    }

    @Test("A cancelled task frees all that it held")
    func cancellation() throws {
        let fixture = try EngineFixture()
        fixture.engine.submit(submission(texts))
        #expect(fixture.engine.step())
        fixture.engine.cancel(TaskID(rawValue: 1))
        #expect(fixture.engine.taskCount == 0)
        #expect(fixture.run()[TaskID(rawValue: 1)]?.outcome?.reason == .cancelled)
        #expect(fixture.answer(.of(2)).tokens.count == 40)
    }

    @Test(
        "What cannot be embedded is refused with a reason",
        arguments: [
            ([], EmbeddingParameters(), "holds 0 texts"),
            (["x", ""], EmbeddingParameters(), "prompt is empty"),
            (["x"], EmbeddingParameters(dimensions: 65), "have 1 to 64 numbers"),
            (["x"], EmbeddingParameters(pooling: .first), "'pooling' is 'cls'"),
            (["x", String(repeating: "x", count: 513)], EmbeddingParameters(), "'input[1]' has 513 tokens"),
        ] as [([String], EmbeddingParameters, String)])
    func refusals(texts: [String], parameters: EmbeddingParameters, reason: String) throws {
        let answer = try EngineFixture().answer(submission(texts, parameters))
        #expect(answer.failure != nil && answer.message.contains(reason), "\(answer.message)")
    }

    /// The model's own output for each token, one step for all.
    private func hiddenStates(_ tokens: [Int32]) throws -> [[Float]] {
        let model = try TinyServingModel()
        let image = try ServingModelImage(mapping: model.bytes)
        let memory = EngineFixture.memory(for: image, blocks: 1)
        defer { memory.deallocate() }
        let runner = try ModelRunner(artefact: image.artefact, keyValueMemory: memory, rankCount: 1, maxStepTokens: 8)
        let tokens = tokens.enumerated().map { place, token in
            StepToken(id: token, position: place, sequence: 0, isPooled: true)
        }
        var sampled: [Int32] = []
        runner.run(StepBatch(tokens: tokens, sequences: [StepSequence(blockTable: [0])]), into: &sampled)
        return tokens.indices.map { Array(runner.hiddenState(ofPooled: $0)) }
    }

    private func close(_ vector: [Float], _ direction: [Double]) -> Bool {
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return zip(vector, direction).allSatisfy { abs(Double($0) - $1 / length) < 1e-6 }
    }
}

extension EmbeddingParameters.Pooling {
    /// Those that make sense where a token sees only what came before it.
    static let causal: [EmbeddingParameters.Pooling] = [.mean, .last]
}
