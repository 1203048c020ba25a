// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import FlowServe

@Suite("Prefill budget")
struct PrefillBudgetTests {
    /// A machine on which a step takes 30 ms for the weights or a time for each token, whichever is longer, and a
    /// little more for each token that already lies behind a prompt's.
    private func seconds(answers: Int, prompt: Int, behind: Int = 0) -> Double {
        max(0.030, 0.004 * Double(answers + prompt)) + 1e-6 * Double(prompt * behind) / 8
    }

    private func settled(answers: Int) -> PrefillBudget {
        var budget = PrefillBudget()
        for _ in 0..<20 {
            budget.note(answerTokens: answers, promptTokens: 0, seconds: seconds(answers: answers, prompt: 0))
        }
        return budget
    }

    @Test("begins with a few tokens, as long as nothing was measured")
    func unknown() {
        var budget = PrefillBudget()
        #expect(budget.promptTokens(besideAnswers: 0) == PrefillBudget.firstTokens)
        #expect(budget.promptTokens(besideAnswers: 3) == 0, "what answers take alone is found out first")
        budget.note(answerTokens: 3, promptTokens: 0, seconds: 0.03)
        #expect(budget.promptTokens(besideAnswers: 3) == PrefillBudget.firstTokens)
        #expect(budget.promptTokens(besideAnswers: 4) == 0, "four may take longer than three")
        budget = PrefillBudget()
        budget.note(answerTokens: 0, promptTokens: 100, seconds: 0)
        budget.note(answerTokens: 0, promptTokens: 3, seconds: 1)
        #expect(budget == PrefillBudget(), "what took no time, and what had too few tokens, says nothing")
    }

    @Test("keeps every step of a long prompt under three times a step without one", arguments: [1, 2, 4, 8])
    func bounded(_ answers: Int) {
        var budget = settled(answers: answers)
        let alone = seconds(answers: answers, prompt: 0)
        var done = 0
        while done < 4096 {
            let tokens = budget.promptTokens(besideAnswers: answers)
            let taken = seconds(answers: answers, prompt: tokens, behind: done)
            #expect(taken < 3 * alone, "\(tokens) tokens behind \(done)")
            budget.note(answerTokens: answers, promptTokens: tokens, seconds: taken)
            done += tokens
        }
    }

    @Test("gives the prompt most of the machine beside few answers")
    func efficient() {
        var budget = settled(answers: 2)
        var time = 0.0
        var done = 0
        while done < 4096 {
            let tokens = budget.promptTokens(besideAnswers: 2)
            let taken = seconds(answers: 2, prompt: tokens)
            budget.note(answerTokens: 2, promptTokens: tokens, seconds: taken)
            time += taken
            done += tokens
        }
        #expect(Double(done) / time > 0.7 / 0.004)
    }

    @Test("takes large steps where no answer waits, and small ones again beside the first")
    func alone() {
        var budget = settled(answers: 1)
        budget.note(answerTokens: 0, promptTokens: 16, seconds: seconds(answers: 0, prompt: 16))
        for _ in 0..<10 {
            let tokens = budget.promptTokens(besideAnswers: 0)
            budget.note(answerTokens: 0, promptTokens: tokens, seconds: seconds(answers: 0, prompt: tokens))
        }
        #expect((50...70).contains(budget.promptTokens(besideAnswers: 0)))
        #expect((8...20).contains(budget.promptTokens(besideAnswers: 1)))
    }

    @Test("gives way at once where tokens become dearer, and recovers slowly")
    func asymmetric() {
        var budget = settled(answers: 1)
        budget.note(answerTokens: 1, promptTokens: 16, seconds: 0.062)
        let usual = budget.promptTokens(besideAnswers: 1)
        budget.note(answerTokens: 1, promptTokens: 16, seconds: 0.094)
        let held = budget.promptTokens(besideAnswers: 1)
        #expect(held < usual)
        budget.note(answerTokens: 1, promptTokens: 16, seconds: 0.062)
        #expect((held...usual).contains(budget.promptTokens(besideAnswers: 1)))
    }
}
