// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Foundation
import JSONReading
import ServingModel
import Testing

@testable import FlowServe

/// What the sampler leaves of fixed logits, beside what transformers' processors leave (`Tests/Fixtures/sampling`).
@Suite("Sampling beside transformers")
struct SamplingReferenceTests {
    struct Case: Sendable {
        let setting: JSONValue
        let logits: [Float]
        let prompt: [Int32]
        let answer: [Int32]
        let probabilities: [Double]

        static func all() throws -> [Case] {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let text = try Data(contentsOf: tests.appending(path: "Fixtures/sampling/cases.json"))
            return (try JSONReader.read(Array(text)).list ?? []).map { item in
                Case(
                    setting: item["setting"] ?? .null, logits: item.numbers("logits").map { Float($0) },
                    prompt: item.numbers("prompt").map { Int32($0) }, answer: item.numbers("answer").map { Int32($0) },
                    probabilities: item.numbers("probabilities"))
            }
        }
    }

    private func parameters(_ setting: JSONValue) -> SamplingParameters {
        func number(_ name: String, _ usual: Float) -> Float { setting[name]?.number.map { Float($0) } ?? usual }
        var sampling = SamplingParameters(temperature: number("temperature", 1), topK: Int(number("top_k", 0)), seed: 1)
        sampling.topP = number("top_p", 1)
        sampling.minP = number("min_p", 0)
        sampling.typicalP = number("typical_p", 1)
        sampling.repetitionPenalty = number("repetition_penalty", 1)
        sampling.frequencyPenalty = number("frequency_penalty", 0)
        sampling.presencePenalty = number("presence_penalty", 0)
        sampling.biases = (setting["logit_bias"]?.object ?? []).map {
            .init(token: Int32($0.name) ?? -1, bias: Float($0.value.number ?? 0))
        }
        return sampling
    }

    /// The weights that a draw is made from, at sum 1.
    private func probabilities(_ item: Case) -> [Double] {
        let sampling = parameters(item.setting)
        var logits = item.logits
        let count = logits.count
        let adjustment = LogitAdjustment(sampling, prompt: item.prompt, answer: item.answer, endTokens: [])
        logits.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { adjustment?.apply(to: start, count: count, index: 3) }
        }
        var scratch = [Float](repeating: 0, count: count)
        var choice = flow_choice(
            temperature: sampling.temperature, top: sampling.topK, top_p: sampling.topP, min_p: sampling.minP,
            typical_p: sampling.typicalP, uniform: 0.5)
        _ = flow_sample(&logits, &scratch, count, &choice)
        let total = logits.reduce(0) { $0 + Double($1) }
        return logits.map { Double($0) / total }
    }

    @Test("The same tokens are left with the same probabilities, in every setting")
    func reference() throws {
        let cases = try Case.all()
        #expect(cases.count == 42)
        for item in cases {
            let own = probabilities(item)
            let kept = own.indices.filter { own[$0] > 0 }
            // The fixture's numbers are wider: what no float holds is nothing to a sampler of floats.
            let expected = item.probabilities.indices.filter { Float(item.probabilities[$0]) > 0 }
            #expect(kept == expected, "\(item.setting)")
            for (mine, theirs) in zip(own, item.probabilities) {
                #expect(abs(mine - theirs) < 2e-6, "\(item.setting): \(mine) and \(theirs)")
            }
        }
    }

    @Test("Penalties counted token by token are those of an answer that goes on elsewhere")
    func history() throws {
        for item in try Case.all() {
            let sampling = parameters(item.setting)
            guard var stepwise = LogitAdjustment(sampling, prompt: item.prompt, answer: [], endTokens: []),
                let resumed = LogitAdjustment(sampling, prompt: item.prompt, answer: item.answer, endTokens: [])
            else { continue }
            for token in item.answer { stepwise.note(token) }
            var first = item.logits
            var second = item.logits
            stepwise.apply(to: &first, count: first.count, index: 0)
            resumed.apply(to: &second, count: second.count, index: 0)
            #expect(first == second)
        }
    }

    @Test("What an answer counts is not seen by a plan that has a copy of its adjustment")
    func copies() throws {
        var sampling = SamplingParameters(temperature: 0, seed: 0)
        sampling.frequencyPenalty = 1
        var counted = try #require(LogitAdjustment(sampling, prompt: [], answer: [1], endTokens: []))
        let copy = counted
        counted.note(1)
        #expect(counted != copy)
        var logits: [[Float]] = [[0, 0], [0, 0]]
        copy.apply(to: &logits[0], count: 2, index: 0)
        counted.apply(to: &logits[1], count: 2, index: 0)
        #expect(logits == [[0, -1], [0, -2]])
    }
}

extension JSONValue {
    fileprivate func numbers(_ name: String) -> [Double] { (self[name]?.list ?? []).compactMap(\.number) }
}
