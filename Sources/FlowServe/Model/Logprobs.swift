// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
internal import ServingModel

/// A token with the natural logarithm of its probability.
package struct RankedToken: Sendable, Equatable {
    /// The token.
    package var id: Int32
    /// Of its probability, at most 0; -9999 where there is next to none.
    package var logarithm: Float
}

/// How likely a sampled token was by the model's own logits, and which tokens were likeliest.
package struct SampledLogprob: Sendable, Equatable {
    /// The token that was sampled.
    package var chosen: RankedToken
    /// Likeliest first; of equals the lowest id.
    package var top: [RankedToken]
}

/// Memory for the logprobs of a step's samplings, and their computation on the ranks.
final class Logprobs {
    /// The chosen token, then the likeliest ones.
    private static let room = 1 + SamplingParameters.Limits.logprobs
    /// What is reported of tokens that have next to no probability: a number, as JSON knows no infinity.
    private static let least: Float = -9999

    private let memory: UnsafeMutablePointer<RankedToken>  // [samplings][room]
    private let counts: UnsafeMutablePointer<Int>  // [samplings], 0 = not asked

    init(maximumPlans: Int) {
        memory = .allocate(capacity: maximumPlans * Self.room)
        counts = .allocate(capacity: maximumPlans)
    }

    deinit {
        memory.deallocate()
        counts.deallocate()
    }

    /// A sampling of the step asks for nothing.
    func clear(_ index: Int) {
        counts[index] = 0
    }

    /// Notes the logprob of a sampling's token and of the `top` likeliest ones.
    func note(_ index: Int, chosen: Int32, top: Int, logits: UnsafePointer<Float>, vocabularySize: Int) {
        let total = flow_log_sum(logits, vocabularySize)
        let row = memory + index * Self.room
        row[0] = RankedToken(id: chosen, logarithm: Self.logarithm(logits[Int(chosen)], total))
        let wanted = min(max(0, top), Self.room - 1, vocabularySize)
        var count = 0
        for token in 0..<vocabularySize where wanted > 0 {
            let logit = logits[token]
            guard logit == logit else { continue }
            // The list is in descending order: most tokens are no better than its last one.
            guard count < wanted || logit > row[count].logarithm else { continue }
            var place = min(count, wanted - 1)
            while place > 0, logit > row[place].logarithm {
                row[place + 1] = row[place]
                place -= 1
            }
            row[place + 1] = RankedToken(id: Int32(token), logarithm: logit)
            count = min(count + 1, wanted)
        }
        for place in 0..<count { row[1 + place].logarithm = Self.logarithm(row[1 + place].logarithm, total) }
        counts[index] = 1 + count
    }

    /// What was noted for a sampling of the last step.
    subscript(index: Int) -> SampledLogprob? {
        guard counts[index] > 0 else { return nil }
        let row = memory + index * Self.room
        return SampledLogprob(chosen: row[0], top: (1..<counts[index]).map { row[$0] })
    }

    private static func logarithm(_ logit: Float, _ total: Double) -> Float {
        let value = Float(Double(logit) - total)
        return value > least ? min(value, 0) : least
    }
}
