// SPDX-License-Identifier: Apache-2.0
import KVCache
import Testing

@testable import FlowServe

@Suite("Batch planner under random load")
struct BatchPlannerSimulationTests {
    /// What a sequence must see, kept apart from the planner.
    private struct Expected {
        let answerTokens: Int
        var tokenCount: Int
        var sampled = 0
        var computed = 0
        var acknowledged = 0
        var blocks: [Int32] = []
    }

    @Test("Every sequence ends, in order, within the bounds", arguments: 1...12 as ClosedRange<UInt64>)
    func everySequenceEnds(seed: UInt64) {
        var generator = StepGenerator(state: seed)
        let limits = BatchLimits(
            tokensPerStep: Int.random(in: 1...24, using: &generator),
            unacknowledgedTokens: Int.random(in: 1...6, using: &generator))
        let blocks = Int.random(in: 5...20, using: &generator)
        var planner = BatchPlanner(limits: limits, blockCount: blocks, tokensPerBlock: 4)
        var expected: [SequenceNumber: Expected] = [:]
        var next: UInt64 = 0
        var steps = 0
        while next < 60 || !expected.isEmpty {
            steps += 1
            if steps > 100_000 {
                Issue.record("no progress with \(expected.count) sequences left")
                return
            }
            if next < 60, Bool.random(using: &generator) {
                let answer = Int.random(in: 1...12, using: &generator)
                let prompt = Int.random(in: 1...(planner.positionCapacity - answer), using: &generator)
                planner.add(SequenceNumber(next), tokenCount: prompt, nextIndex: 0)
                expected[SequenceNumber(next)] = Expected(answerTokens: answer, tokenCount: prompt)
                next += 1
            }
            for (number, sequence) in expected where Int.random(in: 0..<4, using: &generator) == 0 {
                planner.acknowledge(number, index: sequence.sampled)
                expected[number]?.acknowledged = sequence.sampled
            }
            if let victim = expected.keys.min(), Int.random(in: 0..<50, using: &generator) == 0 {
                planner.remove(victim)
                expected[victim] = nil
            }
            run(&planner, limits, &expected)
            let held = planner.sequences.flatMap(\.blocks.blocks)
            #expect(Set(held).count == held.count)
            #expect(held.count + planner.freeBlockCount == blocks)
        }
        #expect(planner.freeBlockCount == blocks)
    }

    private func run(
        _ planner: inout BatchPlanner, _ limits: BatchLimits, _ expected: inout [SequenceNumber: Expected]
    ) {
        let plan = planner.schedule()
        for number in plan.preempted { expected[number]?.computed = 0 }
        guard !plan.isEmpty else { return }
        #expect(plan.tokenCount <= limits.tokensPerStep)
        #expect(Set(plan.chunks.map(\.sequence)).count == plan.chunks.count)
        #expect(Set(plan.chunks.flatMap(\.blocks)).count == plan.chunks.reduce(0) { $0 + $1.blocks.count })
        var ended: Set<SequenceNumber> = []
        for chunk in plan.chunks {
            guard var sequence = expected[chunk.sequence] else {
                Issue.record("a chunk of \(chunk.sequence), which is gone")
                continue
            }
            #expect(chunk.firstPosition == sequence.computed)
            #expect(chunk.blocks.count * 4 >= chunk.firstPosition + chunk.count)
            // What was computed before must still be where it was written.
            if sequence.computed > 0 {
                let written = (sequence.computed + 3) / 4
                #expect(chunk.blocks.prefix(written) == sequence.blocks.prefix(written))
            }
            sequence.computed += chunk.count
            sequence.blocks = chunk.blocks
            #expect(chunk.samples == (sequence.computed == sequence.tokenCount))
            if chunk.samples {
                #expect(sequence.sampled - sequence.acknowledged < limits.unacknowledgedTokens)
                sequence.sampled += 1
                sequence.tokenCount += 1
            }
            if sequence.sampled == sequence.answerTokens { ended.insert(chunk.sequence) }
            expected[chunk.sequence] = sequence
        }
        planner.complete(plan, ended: ended)
        for number in ended { expected[number] = nil }
    }
}

/// A small generator with a fixed sequence for each seed.
struct StepGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
