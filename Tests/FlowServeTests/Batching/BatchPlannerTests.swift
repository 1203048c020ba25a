// SPDX-License-Identifier: Apache-2.0
import KVCache
import Testing

@testable import FlowServe

@Suite("Batch planner")
struct BatchPlannerTests {
    static func planner(tokens: Int = 8, window: Int = 1000, blocks: Int = 16, tokensPerBlock: Int = 4)
        -> BatchPlanner<LocalBlocks>
    {
        BatchPlanner(
            limits: BatchLimits(tokensPerStep: tokens, unacknowledgedTokens: window), blockCount: blocks,
            tokensPerBlock: tokensPerBlock)
    }

    static func number(_ value: UInt64) -> SequenceNumber { SequenceNumber(value) }

    /// Plans and completes a step in which nothing ends.
    @discardableResult
    static func step(_ planner: inout BatchPlanner<LocalBlocks>, ending: Set<SequenceNumber> = []) -> StepPlan {
        let plan = planner.schedule()
        if !plan.isEmpty { planner.complete(plan, ended: ending) }
        return plan
    }

    @Test("Without sequences there is nothing to run")
    func idle() {
        var planner = Self.planner()
        #expect(planner.schedule().isEmpty)
        #expect(planner.schedule().isEmpty)
    }

    @Test("A long prompt is computed in chunks and sampled once, after its last token")
    func chunks() {
        var planner = Self.planner(tokens: 8)
        planner.add(Self.number(1), tokenCount: 19, nextIndex: 0)
        let plans = (0..<3).map { _ in Self.step(&planner) }
        #expect(plans.map { $0.chunks.map(\.firstPosition) } == [[0], [8], [16]])
        #expect(plans.map { $0.chunks.map(\.count) } == [[8], [8], [3]])
        #expect(plans.map { $0.chunks.map(\.samples) } == [[false], [false], [true]])
        let decode = Self.step(&planner)
        #expect(decode.chunks.map(\.firstPosition) == [19])
        #expect(decode.chunks.map(\.count) == [1])
        #expect(decode.chunks[0].blocks.count == 5)
    }

    @Test("Answers go on while a prompt is computed, and come first")
    func continuousBatching() {
        var planner = Self.planner(tokens: 8)
        planner.add(Self.number(1), tokenCount: 2, nextIndex: 0)
        Self.step(&planner)
        planner.add(Self.number(2), tokenCount: 20, nextIndex: 0)
        let plan = Self.step(&planner)
        #expect(plan.chunks.map(\.sequence) == [Self.number(1), Self.number(2)])
        #expect(plan.chunks.map(\.count) == [1, 7])
    }

    @Test("Prompts take no more tokens than the budget allows beside the answers of the step")
    func budget() {
        var planner = Self.planner(tokens: 8)
        planner.add(Self.number(1), tokenCount: 2, nextIndex: 0)
        Self.step(&planner)
        planner.add(Self.number(2), tokenCount: 20, nextIndex: 0)
        for (tokens, expected) in [(3, 3), (0, 0), (100, 7)] {
            let plan = planner.schedule { answers in
                #expect(answers == 1)
                return tokens
            }
            #expect(plan.chunks.map(\.count) == (expected > 0 ? [1, expected] : [1]))
            #expect(plan.answerTokenCount == 1)
            planner.complete(plan, ended: [])
        }
    }

    @Test("Prompts are computed in the order of arrival")
    func promptOrder() {
        var planner = Self.planner(tokens: 8)
        for value in 1...3 as ClosedRange<UInt64> { planner.add(Self.number(value), tokenCount: 5, nextIndex: 0) }
        let first = Self.step(&planner)
        #expect(first.chunks.map(\.sequence) == [Self.number(1), Self.number(2)])
        #expect(first.chunks.map(\.count) == [5, 3])
        let second = Self.step(&planner)
        #expect(second.chunks.map(\.sequence) == [Self.number(1), Self.number(2), Self.number(3)])
        #expect(second.chunks.map(\.count) == [1, 2, 5])
    }

    @Test("More answers than tokens take turns, and leave a quarter of the step to a waiting prompt")
    func decodeTurns() {
        var planner = Self.planner(tokens: 4, blocks: 64)
        for value in 0..<6 as Range<UInt64> { planner.add(Self.number(value), tokenCount: 1, nextIndex: 0) }
        Self.step(&planner)
        Self.step(&planner)
        var served: [SequenceNumber: Int] = [:]
        for _ in 0..<30 {
            for chunk in Self.step(&planner).chunks { served[chunk.sequence, default: 0] += 1 }
        }
        #expect(served.count == 6)
        #expect(served.values.allSatisfy { (19...21).contains($0) }, "\(served)")
        planner.add(Self.number(9), tokenCount: 3, nextIndex: 0)
        let plan = Self.step(&planner)
        #expect(plan.chunks.count == 4)
        #expect(plan.chunks.last?.sequence == Self.number(9))
    }

    @Test("A prompt waits until its blocks and one more are free, and is not overtaken")
    func admission() {
        var planner = Self.planner(tokens: 64, blocks: 4, tokensPerBlock: 4)
        planner.add(Self.number(1), tokenCount: 4, nextIndex: 0)
        planner.add(Self.number(2), tokenCount: 12, nextIndex: 0)
        planner.add(Self.number(3), tokenCount: 1, nextIndex: 0)
        #expect(Self.step(&planner).chunks.map(\.sequence) == [Self.number(1)])
        #expect(planner.sequences.map(\.phase) == [.decoding, .waiting, .waiting])
        planner.remove(Self.number(1))
        #expect(Self.step(&planner).chunks.map(\.sequence) == [Self.number(2)])
        #expect(planner.sequences.map(\.phase) == [.decoding, .waiting])
    }

    @Test("When blocks run out the newest sequence waits, gives its own to an older one and is computed again later")
    func preemption() {
        var planner = Self.planner(tokens: 64, blocks: 3, tokensPerBlock: 4)
        planner.add(Self.number(1), tokenCount: 3, nextIndex: 0)
        planner.add(Self.number(2), tokenCount: 3, nextIndex: 0)
        var preempted: [SequenceNumber] = []
        for _ in 0..<8 { preempted += Self.step(&planner).preempted }
        #expect(preempted == [Self.number(2)])
        #expect(planner.sequences[1].phase == .waiting)
        #expect(planner.sequences[1].computedCount == 0)
        let known = planner.sequences[1].tokenCount
        planner.remove(Self.number(1))
        let again = Self.step(&planner)
        #expect(again.chunks.map(\.sequence) == [Self.number(2)])
        #expect(again.chunks.map(\.firstPosition) == [0])
        #expect(again.chunks.map(\.count) == [known])
        #expect(again.chunks.map(\.samples) == [true])
    }

    @Test("A full window pauses a sequence until its reader acknowledges")
    func window() {
        var planner = Self.planner(window: 3)
        planner.add(Self.number(1), tokenCount: 2, nextIndex: 10)
        for _ in 0..<3 { #expect(!Self.step(&planner).isEmpty) }
        #expect(planner.sequences[0].phase == .paused)
        #expect(planner.schedule().isEmpty)
        planner.acknowledge(Self.number(1), index: 10)
        #expect(planner.schedule().isEmpty)
        planner.acknowledge(Self.number(1), index: 12)
        #expect(!Self.step(&planner).isEmpty)
        #expect(!Self.step(&planner).isEmpty)
        #expect(planner.schedule().isEmpty)
    }

    @Test("A paused sequence gives its blocks to one that waits, and goes on after an acknowledgement")
    func pausedBlocks() {
        var planner = Self.planner(tokens: 64, window: 1, blocks: 4, tokensPerBlock: 4)
        planner.add(Self.number(1), tokenCount: 9, nextIndex: 0)
        Self.step(&planner)
        #expect(planner.sequences[0].phase == .paused)
        planner.add(Self.number(2), tokenCount: 12, nextIndex: 0)
        let plan = Self.step(&planner)
        #expect(plan.preempted == [Self.number(1)])
        #expect(plan.chunks.map(\.sequence) == [Self.number(2)])
        planner.acknowledge(Self.number(1), index: 1)
        #expect(planner.sequences[0].phase == .prefilling, "what lies in its first block is still computed")
        let again = Self.step(&planner)
        #expect(again.preempted == [Self.number(2)])
        #expect(again.chunks.map(\.firstPosition) == [4])
        #expect(again.chunks.map(\.count) == [6])
    }

    @Test("A sequence that is alone may use every block")
    func alone() {
        var planner = Self.planner(tokens: 64, blocks: 2, tokensPerBlock: 4)
        planner.add(Self.number(1), tokenCount: 8, nextIndex: 0)
        #expect(Self.step(&planner, ending: [Self.number(1)]).chunks.map(\.samples) == [true])
        #expect(planner.sequences.isEmpty)
        #expect(planner.freeBlockCount == 2)
    }

    @Test("What is said of a running step's sequences beside it is done behind it")
    func besideStep() {
        var planner = Self.planner(tokens: 64)
        for value in 1...4 as ClosedRange<UInt64> { planner.add(Self.number(value), tokenCount: 6, nextIndex: 0) }
        Self.step(&planner)
        let plan = planner.schedule()
        #expect(planner.inFlight == plan)
        planner.remove(Self.number(1))
        planner.recompute(Self.number(2))
        planner.add(Self.number(5), tokenCount: 3, nextIndex: 0)
        planner.remove(Self.number(5))
        planner.acknowledge(Self.number(3), index: 1)
        #expect(planner.sequences.map(\.number) == (1...4).map(Self.number))
        #expect(planner.sequences.map(\.blocks.blocks) == plan.chunks.map(\.blocks), "the step writes these blocks")
        planner.complete(plan, ended: [Self.number(3)])
        #expect(planner.inFlight == nil)
        #expect(planner.sequences.map(\.number) == [Self.number(2), Self.number(4)])
        #expect(planner.sequences.map(\.phase) == [.waiting, .decoding])
        #expect(planner.sequences.map(\.tokenCount) == [8, 8])
        #expect(planner.brokenInvariant() == nil)
        #expect(Self.step(&planner).chunks.map(\.count) == [1, 8])
    }
}
