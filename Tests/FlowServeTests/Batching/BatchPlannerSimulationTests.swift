// SPDX-License-Identifier: Apache-2.0
import KVCache
import ServingModel
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

    @Test(
        "Every sequence ends, within the bounds, whatever is said beside steps and whoever is served",
        arguments: 1...24 as ClosedRange<UInt64>)
    func everySequenceEnds(seed: UInt64) {
        var generator = StepGenerator(state: seed)
        let limits = BatchLimits(
            tokensPerStep: Int.random(in: 1...24, using: &generator),
            unacknowledgedTokens: Int.random(in: 1...6, using: &generator),
            memoryTurnSteps: Int.random(in: 1...30, using: &generator))
        let blocks = Int.random(in: 5...20, using: &generator)
        let tenants = UInt64.random(in: 1...4, using: &generator)
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
                add(next, &planner, &expected, tenants: tenants, &generator)
                next += 1
            }
            run(&planner, limits, &expected, &generator)
            #expect(planner.brokenInvariant() == nil)
        }
        #expect(planner.freeBlockCount == blocks)
    }

    private func add(
        _ number: UInt64, _ planner: inout BatchPlanner<LocalBlocks>, _ expected: inout [SequenceNumber: Expected],
        tenants: UInt64, _ generator: inout StepGenerator
    ) {
        let answer = Int.random(in: 1...12, using: &generator)
        let prompt = Int.random(in: 1...(planner.positionCapacity - answer), using: &generator)
        let queue = TenantQueue(
            tenant: UInt64.random(in: 0..<tenants, using: &generator),
            serviceClass: ServiceClass.allCases.randomElement(using: &generator) ?? .interactive)
        planner.add(SequenceNumber(number), tokenCount: prompt, nextIndex: 0, queue: queue)
        expected[SequenceNumber(number)] = Expected(answerTokens: answer, tokenCount: prompt)
    }

    /// Acknowledges, cancels or has computed again at random. What the sequence must see follows where the planner says
    /// how much it has kept.
    private func change(
        _ planner: inout BatchPlanner<LocalBlocks>, _ expected: inout [SequenceNumber: Expected],
        _ generator: inout StepGenerator
    ) {
        for (number, sequence) in expected where Int.random(in: 0..<6, using: &generator) == 0 {
            planner.acknowledge(number, index: sequence.sampled)
            expected[number]?.acknowledged = sequence.sampled
        }
        if let victim = expected.keys.randomElement(using: &generator), Int.random(in: 0..<50, using: &generator) == 0 {
            planner.remove(victim)
            expected[victim] = nil
        }
        if let victim = expected.keys.randomElement(using: &generator), Int.random(in: 0..<50, using: &generator) == 0 {
            planner.recompute(victim)
        }
    }

    private func run(
        _ planner: inout BatchPlanner<LocalBlocks>, _ limits: BatchLimits,
        _ expected: inout [SequenceNumber: Expected], _ generator: inout StepGenerator
    ) {
        change(&planner, &expected, &generator)
        let before = planner.sequences
        let plan = planner.schedule()
        for sequence in before where expected[sequence.number].map({ $0.computed != sequence.computedCount }) ?? false {
            #expect(sequence.computedCount == 0, "only what is computed again has less than it had")
            expected[sequence.number]?.computed = 0
        }
        for number in plan.preempted {
            guard let kept = planner.sequences.first(where: { $0.number == number }) else { continue }
            #expect(kept.computedCount <= expected[number]?.computed ?? .max)
            expected[number]?.computed = kept.computedCount
        }
        guard !plan.isEmpty else { return }
        #expect(plan.tokenCount <= limits.tokensPerStep)
        #expect(Set(plan.chunks.map(\.sequence)).count == plan.chunks.count)
        #expect(Set(plan.chunks.flatMap(\.blocks)).count == plan.chunks.reduce(0) { $0 + $1.blocks.count })
        let running = planner.sequences.filter { sequence in plan.chunks.contains { $0.sequence == sequence.number } }
        var ended: Set<SequenceNumber> = []
        for chunk in plan.chunks { take(chunk, limits, &expected, &ended) }
        change(&planner, &expected, &generator)
        let stillThere = planner.sequences.filter { sequence in running.contains { $0.number == sequence.number } }
        #expect(stillThere.map(\.blocks) == running.map(\.blocks), "the step writes these blocks")
        planner.complete(plan, ended: ended)
        for number in ended { expected[number] = nil }
    }

    private func take(
        _ chunk: PlannedChunk, _ limits: BatchLimits, _ expected: inout [SequenceNumber: Expected],
        _ ended: inout Set<SequenceNumber>
    ) {
        guard var sequence = expected[chunk.sequence] else {
            Issue.record("a chunk of \(chunk.sequence), which is gone")
            return
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
