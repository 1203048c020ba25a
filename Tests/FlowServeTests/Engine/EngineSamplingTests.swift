// SPDX-License-Identifier: Apache-2.0
import Glibc
import Messages
import ServingModel
import TestSupport
import Testing

@testable import FlowServe

@Suite("Sampling of the engine")
struct EngineSamplingTests {
    private func submission(
        _ task: UInt64 = 1, temperature: Float = 1, generated: [Int32] = [],
        _ change: (inout SamplingParameters) -> Void
    ) -> TaskSubmission {
        var sampling = SamplingParameters(
            temperature: temperature, seed: 5, maximumTokens: 40, ignoresEndOfSequence: true)
        change(&sampling)
        return TaskSubmission(
            task: TaskID(rawValue: task), work: .answer(.text("hello world", parsesControlTokens: false), sampling),
            delivered: generated.count, generated: generated)
    }

    private func rich(_ sampling: inout SamplingParameters) {
        sampling.topP = 0.9
        sampling.minP = 0.01
        sampling.typicalP = 0.95
        sampling.frequencyPenalty = 1
        sampling.presencePenalty = 0.5
        sampling.repetitionPenalty = 1.2
        sampling.biases = [.init(token: 101, bias: 3), .init(token: 102, bias: -100)]
        sampling.logprobs = 4
    }

    @Test(
        "An answer with every parameter goes on elsewhere with the same text, in any batch",
        arguments: [0, 1] as [Float])
    func continuation(temperature: Float) throws {
        let whole = try EngineFixture().answer(submission(temperature: temperature, rich))
        #expect(whole.tokens.count == 40)
        for cut in [1, 7, 39] {
            let other = try EngineFixture(tokens: 3)
            other.engine.submit(.of(9, "beside it", temperature: 1))
            other.engine.submit(
                submission(2, temperature: temperature, generated: Array(whole.ids.prefix(cut)), rich))
            #expect(other.run()[TaskID(rawValue: 2)]?.tokens == Array(whole.tokens.dropFirst(cut)))
        }
    }

    @Test("Penalties on a greedy answer end its repetition; a bias forces and forbids tokens")
    func effects() throws {
        let fixture = try EngineFixture()
        let plain = fixture.answer(submission(1, temperature: 0) { _ in })
        let penalised = fixture.answer(submission(2, temperature: 0) { $0.frequencyPenalty = 2 })
        #expect(Set(penalised.ids).count > Set(plain.ids).count)
        let forced = fixture.answer(submission(3) { $0.biases = [.init(token: 104, bias: 100)] })
        #expect(Set(forced.ids) == [104])
        let first = try #require(plain.ids.first)
        let forbidden = fixture.answer(submission(4, temperature: 0) { $0.biases = [.init(token: first, bias: -100)] })
        #expect(!forbidden.ids.contains(first))
    }

    @Test("An answer has its least tokens before an end token may end it")
    func minimum() throws {
        let fixture = try EngineFixture()
        func ending(_ task: UInt64, minimum: Int) -> Answer {
            fixture.answer(
                submission(task) { sampling in
                    sampling.ignoresEndOfSequence = false
                    sampling.minimumTokens = minimum
                    sampling.biases = [.init(token: TinyServingModel.endToken, bias: 100)]
                })
        }
        #expect(ending(1, minimum: 0).tokens.isEmpty)
        let answer = ending(2, minimum: 9)
        #expect(answer.tokens.count == 9 && answer.outcome?.reason == .stop)
    }

    @Test("Logprobs are those of the model's logits, whatever the answer was drawn by")
    func logprobs() throws {
        let fixture = try EngineFixture()
        let answer = fixture.answer(submission(1, rich))
        for token in answer.tokens {
            let logprob = try #require(token.extra?.logprob)
            #expect(logprob.chosen.id == token.id)
            #expect(logprob.top.count == 4)
            #expect(logprob.top.map(\.logarithm) == logprob.top.map(\.logarithm).sorted(by: >))
            #expect(logprob.chosen.logarithm <= logprob.top[0].logarithm)
            #expect(logprob.top.allSatisfy { $0.logarithm <= 0 && $0.logarithm > -50 })
        }
        let greedy = fixture.answer(submission(2, temperature: 0) { $0.logprobs = 1 })
        #expect(greedy.tokens.allSatisfy { $0.extra?.logprob?.top.first == $0.extra?.logprob?.chosen })
        let none = fixture.answer(submission(3, temperature: 0) { $0.logprobs = 0 })
        #expect(none.tokens.allSatisfy { $0.extra?.logprob?.top.isEmpty == true })
        #expect(none.ids == greedy.ids)
    }

    @Test("All probabilities of a step sum to 1")
    func total() throws {
        let model = try TinyServingModel()
        let image = try ServingModelImage(mapping: model.bytes)
        let memory = EngineFixture.memory(for: image, blocks: 1)
        defer { memory.deallocate() }
        let runner = try ModelRunner(artefact: image.artefact, keyValueMemory: memory, rankCount: 1, maxStepTokens: 8)
        var plan = SamplingPlan()
        var sum = 0.0
        for token in 0..<Int32(TinyServingModel.vocabularySize) {
            plan.logprobs = 0
            let bias = SamplingParameters.TokenBias(token: token, bias: 100)
            var sampling = SamplingParameters(temperature: 0, seed: 0)
            sampling.biases = [bias]
            plan.adjustment = LogitAdjustment(sampling, prompt: [], answer: [], endTokens: [])
            var sampled: [Int32] = []
            runner.run(
                StepBatch(
                    tokens: [StepToken(id: 104, position: 0, sequence: 0, sampling: 0)],
                    sequences: [StepSequence(blockTable: [0])], samplings: [plan]), into: &sampled)
            #expect(sampled == [token])
            sum += Double(try #require(runner.logprob(ofSampling: 0)).chosen.logarithm).exponential
        }
        #expect(abs(sum - 1) < 1e-4)
    }

    private static let outOfBounds: [(String, @Sendable (inout SamplingParameters) -> Void)] = [
        ("top_p", { $0.topP = 1.5 }), ("min_p", { $0.minP = -0.1 }), ("typical_p", { $0.typicalP = .nan }),
        ("frequency_penalty", { $0.frequencyPenalty = 3 }), ("presence_penalty", { $0.presencePenalty = -3 }),
        ("repetition_penalty", { $0.repetitionPenalty = 0 }), ("min_tokens", { $0.minimumTokens = -1 }),
        ("top_logprobs", { $0.logprobs = 21 }), ("logit_bias", { $0.biases = [.init(token: 9999, bias: 1)] }),
        ("logit_bias", { $0.biases = [.init(token: 1, bias: 101)] }),
        ("logit_bias", { $0.biases = Array(repeating: .init(token: 1, bias: 1), count: 1025) }),
    ]

    @Test("Parameters out of bounds are refused by their names", arguments: outOfBounds.indices)
    func refusals(place: Int) throws {
        let (name, change) = Self.outOfBounds[place]
        let answer = try EngineFixture().answer(submission(1, change))
        #expect(answer.failure == .invalidRequest && answer.message.contains(name), "\(answer.message)")
    }
}

extension Double {
    fileprivate var exponential: Double { exp(self) }
}
