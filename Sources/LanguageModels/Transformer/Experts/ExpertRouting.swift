// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Which experts treat which tokens of a step, in one layer at a time.
///
/// Each token has `usedCount` choices, the best first. `group()` sorts all choices by expert, and those of an expert by
/// token: a choice's place in that order is its entry, so an expert's entries are consecutive.
final class ExpertRouting {
    /// An expert with tokens, and its tiles of an operation.
    struct Share {
        let expert: Int
        let entries: Range<Int>
    }

    /// Experts of a token.
    let usedCount: Int
    private let expertCount: Int
    private let normalisesWeights: Bool
    private let experts: UnsafeMutablePointer<Int32>  // [tokens][used]
    private let weights: UnsafeMutablePointer<Float>  // [tokens][used]
    private let entries: UnsafeMutablePointer<Int32>  // [tokens][used]
    private let ends: UnsafeMutablePointer<Int>  // [experts]
    /// The experts that have tokens, in their order.
    private(set) var shares: [Share] = []

    init(shape: ExpertShape, maxStepTokens: Int) {
        usedCount = shape.usedCount
        expertCount = shape.count
        normalisesWeights = shape.normalisesWeights
        experts = .allocate(capacity: maxStepTokens * shape.usedCount)
        // A rehearsal groups tokens that were not routed.
        experts.initialize(repeating: 0, count: maxStepTokens * shape.usedCount)
        weights = .allocate(capacity: maxStepTokens * shape.usedCount)
        entries = .allocate(capacity: maxStepTokens * shape.usedCount)
        ends = .allocate(capacity: shape.count)
        shares.reserveCapacity(shape.count)
    }

    deinit {
        experts.deallocate()
        weights.deallocate()
        entries.deallocate()
        ends.deallocate()
    }

    /// Chooses a token's experts by their probabilities [experts], which are overwritten; ties go to the lowest.
    func choose(_ token: Int, from probabilities: UnsafeMutablePointer<Float>) {
        var sum: Float = 0
        for slot in token * usedCount..<(token + 1) * usedCount {
            var best = 0
            for expert in 1..<max(1, expertCount) where probabilities[expert] > probabilities[best] { best = expert }
            experts[slot] = Int32(best)
            weights[slot] = probabilities[best]
            sum += probabilities[best]
            probabilities[best] = -1
        }
        guard normalisesWeights else { return }
        for slot in token * usedCount..<(token + 1) * usedCount { weights[slot] /= sum }
    }

    /// Gives every choice of the step's tokens its entry.
    func group(tokenCount: Int) {
        let choices = tokenCount * usedCount
        ends.update(repeating: 0, count: expertCount)
        for choice in 0..<choices { ends[Int(experts[choice])] += 1 }
        shares.removeAll(keepingCapacity: true)
        var start = 0
        for expert in 0..<expertCount {
            let count = ends[expert]
            if count > 0 { shares.append(Share(expert: expert, entries: start..<start + count)) }
            ends[expert] = start
            start += count
        }
        for choice in 0..<choices {
            let expert = Int(experts[choice])
            entries[choice] = Int32(ends[expert])
            ends[expert] += 1
        }
    }

    /// The entry of one of a token's choices.
    func entry(ofToken token: Int, choice: Int) -> Int { Int(entries[token * usedCount + choice]) }

    /// How much one of a token's choices counts.
    func weight(ofToken token: Int, choice: Int) -> Float { weights[token * usedCount + choice] }
}
