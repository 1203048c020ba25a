// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Reply progress")
struct ReplyProgressTests {
    private func part(_ index: Int) -> ReplyPart {
        .token(GeneratedToken(index: index, id: Int32(truncatingIfNeeded: index), text: "t"))
    }

    private var limits = JobLimits()
    private let start = MonotonicTime(nanoseconds: 0)

    private func lose(
        _ progress: inout ReplyProgress, _ loss: ReplyProgress.Loss, after seconds: Int = 0
    ) -> JobFailure? {
        progress.lose(loss, reason: "why", now: start.advanced(by: .seconds(seconds)), limits: limits)
    }

    @Test("parts of one arrival are taken as far as they are due, and the gap behind them is asked for")
    func arrivals() {
        var progress = ReplyProgress()
        progress.beginAttempt()
        let arrivals = progress.receive([part(0), part(1), part(1), part(0), part(2), part(5), part(6)])
        #expect(arrivals.fresh == [part(0), part(1), part(2)] && arrivals.askFrom == 3)
        #expect(progress.tokens == [0, 1, 2] && progress.partCount == 3)
    }

    @Test("an answer that has begun asks for the content that it began with")
    func pinned() {
        var progress = ReplyProgress()
        progress.beginAttempt()
        let acceptance = TaskAcceptance(
            instance: InstanceID(rawValue: 1), promptTokens: 3, startMicroseconds: 0, digest: "old")
        #expect(progress.accept(acceptance) == true)
        #expect(progress.accept(acceptance) == nil)
        #expect(progress.pinnedDigest == nil)
        _ = progress.receive([part(0)])
        #expect(lose(&progress, .lost) == nil)
        #expect(progress.pinnedDigest == "old")
        progress.beginAttempt()
        #expect(progress.accept(acceptance) == false)
    }

    @Test("vectors are parts like tokens, and leave no tokens to go on from")
    func vectors() {
        var progress = ReplyProgress(keepsTokens: false)
        progress.beginAttempt()
        let first = ReplyPart.vector(EmbeddedInput(index: 0, tokenCount: 3, vector: [1, 0]))
        let third = ReplyPart.vector(EmbeddedInput(index: 2, tokenCount: 1, vector: []))
        #expect(progress.receive([first]).fresh == [first])
        #expect(progress.receive([third]).askFrom == 1)
        #expect(progress.partCount == 1 && progress.tokens.isEmpty)
    }

    @Test("three crashes in a row end the job; a part between them makes the count begin anew")
    func crashes() {
        var progress = ReplyProgress()
        for _ in 0..<2 {
            progress.beginAttempt()
            #expect(lose(&progress, .crashed) == nil)
        }
        progress.beginAttempt()
        _ = progress.receive([part(0)])
        for _ in 0..<3 {
            #expect(lose(&progress, .crashed) == nil)
            progress.beginAttempt()
        }
        let failure = lose(&progress, .crashed)
        #expect(failure?.kind == .task(.instanceCrashed) && failure?.message.contains("why") == true)
    }

    @Test("how many crashes end a job is for the administrator to say")
    mutating func chosenCrashes() {
        limits.crashes = 1
        var progress = ReplyProgress()
        progress.beginAttempt()
        #expect(lose(&progress, .crashed)?.kind == .task(.instanceCrashed))
    }

    @Test("losses by no fault of the task are no attempts: only time without a part ends the job")
    func losses() {
        var progress = ReplyProgress()
        for second in 0..<120 {
            progress.beginAttempt()
            #expect(lose(&progress, .lost, after: second) == nil)
        }
        progress.beginAttempt()
        _ = progress.receive([part(0)])
        #expect(lose(&progress, .lost, after: 121) == nil)
        progress.beginAttempt()
        #expect(lose(&progress, .lost, after: 240) == nil)
        #expect(lose(&progress, .crashed, after: 240) == nil)
        progress.beginAttempt()
        #expect(lose(&progress, .lost, after: 241)?.kind == .task(.instanceLost))
    }
}
