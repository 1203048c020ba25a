// SPDX-License-Identifier: Apache-2.0

/// How many tokens of prompts the next step may have, from how long steps took: so many that a running answer waits for
/// its next token at most a given factor longer than without prompts. A pure value; time comes in.
///
/// A step with prompts is thought of as the step that the answers alone would be, plus a cost for each prompt's token.
/// The first is the mean of such steps by their number of answers, the second is learned from the steps that had
/// prompts: it holds whatever else a token of a prompt costs at the moment, such as attention over a long context.
package struct PrefillBudget: Sendable, Equatable {
    /// What a step with prompts may take, as a multiple of one without. Below the factor that answers are promised,
    /// since a step may turn out longer than it was thought to be.
    static let stretch = 2.5
    /// What a step may take where no answer waits for it, in seconds: a task that comes meanwhile waits for its end.
    static let unhurried = 0.25
    /// Tokens of the first step with prompts, whose cost is not known yet.
    static let firstTokens = 8
    /// Fewer tokens would cost a prompt more than they spare the answers.
    static let fewestTokens = 8
    /// Share of a new measurement in the mean of answers' steps, and in the cost of a token that turned out cheaper. A
    /// token that turned out dearer counts in full at once.
    private static let weight = 0.25

    /// Seconds of steps without prompts, by the binary logarithm of their tokens.
    private var answerSeconds: [Double?] = Array(repeating: nil, count: 16)
    /// Seconds that each token of a prompt adds.
    private var tokenSeconds: Double?
    /// Tokens up to which that is believed: about twice what was measured lately. A few tokens fit into the time that
    /// memory takes anyway and look as if many would cost nothing.
    private var trustedTokens = 2 * firstTokens

    /// A budget that has measured nothing yet.
    package init() {}

    /// Tokens of prompts for a step in which so many answers get a token. None where nobody knows yet what such a step
    /// takes without them: this one is measured.
    package func promptTokens(besideAnswers answers: Int) -> Int {
        if answers > 0, answerSeconds[Self.place(answers)] == nil { return 0 }
        guard let tokenSeconds, tokenSeconds > 0 else { return Self.firstTokens }
        let alone = secondsAlone(answers)
        let seconds = answers > 0 ? (Self.stretch - 1) * (alone ?? 0) : Self.unhurried - (alone ?? 0)
        return min(trustedTokens, max(Self.fewestTokens, Int(min(seconds / tokenSeconds, 1e6))))
    }

    /// Learns from a step of so many tokens of answers and of prompts.
    package mutating func note(answerTokens: Int, promptTokens: Int, seconds: Double) {
        guard seconds > 0 else { return }
        if promptTokens == 0 {
            guard answerTokens > 0 else { return }
            let place = Self.place(answerTokens)
            answerSeconds[place] = answerSeconds[place].map { $0 + Self.weight * (seconds - $0) } ?? seconds
            return
        }
        // Few tokens say little about what each of many costs.
        guard promptTokens >= Self.fewestTokens else { return }
        trustedTokens = max(2 * promptTokens, trustedTokens * 7 / 8)
        let alone = secondsAlone(answerTokens) ?? 0
        // A step can be no dearer than it was alone: then its tokens fitted into the time that memory takes anyway.
        let found = max(seconds - alone, seconds * 0.05) / Double(promptTokens)
        if let known = tokenSeconds, found < known {
            tokenSeconds = known + Self.weight * (found - known)
        } else {
            tokenSeconds = found
        }
    }

    /// What a step of answers alone takes: of as many, or of the nearest number that was seen. Prompts alone read the
    /// weights as one answer does.
    private func secondsAlone(_ answers: Int) -> Double? {
        let wanted = Self.place(answers)
        let seen = answerSeconds.indices.filter { answerSeconds[$0] != nil }
        return seen.min { abs($0 - wanted) < abs($1 - wanted) }.flatMap { answerSeconds[$0] }
    }

    private static func place(_ tokens: Int) -> Int { min(15, Int.bitWidth - 1 - max(tokens, 1).leadingZeroBitCount) }
}
