// SPDX-License-Identifier: Apache-2.0

/// The tokens of a step in groups, neighbours of one sequence whose attention is computed in one call, and how many
/// positions each token sees.
final class TokenGroups {
    private let tokensPerGroup: Int
    private let firsts: UnsafeMutablePointer<Int32>  // [groups + 1]
    private let visibleCounts: UnsafeMutablePointer<Int>  // [tokens]

    /// Groups of the prepared step.
    private(set) var count = 0

    init(maxStepTokens: Int, tokensPerGroup: Int) {
        self.tokensPerGroup = tokensPerGroup
        firsts = .allocate(capacity: maxStepTokens + 1)
        visibleCounts = .allocate(capacity: maxStepTokens)
    }

    deinit {
        firsts.deallocate()
        visibleCounts.deallocate()
    }

    /// Groups the tokens of a step. A token sees the positions up to its own, or those of all its sequence's tokens.
    func prepare(_ input: StepInput, seesWholeText: Bool) {
        count = 0
        for token in 0..<input.tokenCount {
            visibleCounts[token] = Int(input.positions[token]) + 1
            let continuesGroup =
                count > 0 && token - Int(firsts[count - 1]) < tokensPerGroup
                && input.sequences[token] == input.sequences[token - 1]
            if continuesGroup { continue }
            firsts[count] = Int32(token)
            count += 1
        }
        firsts[count] = Int32(input.tokenCount)
        if seesWholeText { lookAhead(input) }
    }

    /// Lets every token see as much as the last token of its sequence.
    private func lookAhead(_ input: StepInput) {
        for token in (0..<input.tokenCount - 1).reversed() where input.sequences[token] == input.sequences[token + 1] {
            visibleCounts[token] = visibleCounts[token + 1]
        }
    }

    /// The tokens of a group.
    subscript(group: Int) -> Range<Int> { Int(firsts[group])..<Int(firsts[group + 1]) }

    /// Positions of its sequence that a token sees where there is no window.
    func visibleCount(ofToken token: Int) -> Int { visibleCounts[token] }
}
