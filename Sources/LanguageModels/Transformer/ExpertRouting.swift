// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Which experts treat which rows of a step, in one layer at a time.
///
/// Each row has `usedCount` choices, the best first. `group()` sorts all choices by expert, and those of an expert by
/// row: a choice's place in that order is its entry, so an expert's entries are consecutive.
final class ExpertRouting {
    /// An expert with rows, and its pieces of an operation.
    struct Share {
        let expert: Int
        let entries: Range<Int>
    }

    /// Experts of a row.
    let usedCount: Int
    private let expertCount: Int
    private let normalisesWeights: Bool
    private let experts: UnsafeMutablePointer<Int32>  // [rows][used]
    private let weights: UnsafeMutablePointer<Float>  // [rows][used]
    private let entries: UnsafeMutablePointer<Int32>  // [rows][used]
    private let ends: UnsafeMutablePointer<Int>  // [experts]
    /// The experts that have rows, in their order.
    private(set) var shares: [Share] = []

    init(shape: ExpertShape, maximumRows: Int) {
        usedCount = shape.usedCount
        expertCount = shape.count
        normalisesWeights = shape.normalisesWeights
        experts = .allocate(capacity: maximumRows * shape.usedCount)
        // A rehearsal groups rows that were not routed.
        experts.initialize(repeating: 0, count: maximumRows * shape.usedCount)
        weights = .allocate(capacity: maximumRows * shape.usedCount)
        entries = .allocate(capacity: maximumRows * shape.usedCount)
        ends = .allocate(capacity: shape.count)
        shares.reserveCapacity(shape.count)
    }

    deinit {
        experts.deallocate()
        weights.deallocate()
        entries.deallocate()
        ends.deallocate()
    }

    /// Chooses a row's experts by their probabilities [experts], which are overwritten; ties go to the lowest.
    func choose(_ row: Int, from probabilities: UnsafeMutablePointer<Float>) {
        var sum: Float = 0
        for slot in row * usedCount..<(row + 1) * usedCount {
            var best = 0
            for expert in 1..<max(1, expertCount) where probabilities[expert] > probabilities[best] { best = expert }
            experts[slot] = Int32(best)
            weights[slot] = probabilities[best]
            sum += probabilities[best]
            probabilities[best] = -1
        }
        guard normalisesWeights else { return }
        for slot in row * usedCount..<(row + 1) * usedCount { weights[slot] /= sum }
    }

    /// Gives every choice of the step's rows its entry.
    func group(rowCount: Int) {
        let choices = rowCount * usedCount
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

    /// The entry of one of a row's choices.
    func entry(ofRow row: Int, choice: Int) -> Int { Int(entries[row * usedCount + choice]) }

    /// How much one of a row's choices counts.
    func weight(ofRow row: Int, choice: Int) -> Float { weights[row * usedCount + choice] }
}
