// SPDX-License-Identifier: Apache-2.0
import KVCache
import ServingModel
import Testing

@testable import FlowServe

@Suite("Batch planner between tenants")
struct BatchFairnessTests {
    /// A planner with a load, and what was computed for each tenant.
    private struct House {
        var planner: BatchPlanner<LocalBlocks>
        var computed: [UInt64: Int] = [:]
        var ended: [SequenceNumber: Int] = [:]
        var steps = 0
        private var next: UInt64 = 0
        private var left: [SequenceNumber: (tenant: UInt64, answer: Int)] = [:]

        init(tokens: Int, blocks: Int, turn: Int = 16) {
            planner = BatchPlanner(
                limits: BatchLimits(tokensPerStep: tokens, unacknowledgedTokens: 1 << 20, memoryTurnSteps: turn),
                blockCount: blocks, tokensPerBlock: 32)
        }

        /// A sequence that asks for so many tokens of an answer.
        @discardableResult
        mutating func add(
            tenant: UInt64, prompt: Int, answer: Int, _ serviceClass: ServiceClass = .interactive,
            weight: TenantWeight = .one
        ) -> SequenceNumber {
            let number = SequenceNumber(next)
            next += 1
            left[number] = (tenant, answer)
            planner.add(
                number, tokenCount: prompt, nextIndex: 0,
                queue: TenantQueue(tenant: tenant, weight: weight, serviceClass: serviceClass))
            return number
        }

        func isThere(_ number: SequenceNumber) -> Bool { left[number] != nil }

        /// Plans and completes a step with at most so many tokens of prompts.
        mutating func step(prompts: Int = .max) {
            steps += 1
            let plan = planner.schedule { _ in prompts }
            var over: Set<SequenceNumber> = []
            for chunk in plan.chunks {
                computed[left[chunk.sequence]?.tenant ?? .max, default: 0] += chunk.count
                guard chunk.samples else { continue }
                left[chunk.sequence]?.answer -= 1
                guard left[chunk.sequence]?.answer == 0 else { continue }
                over.insert(chunk.sequence)
                left[chunk.sequence] = nil
                ended[chunk.sequence] = steps
            }
            if !plan.isEmpty { planner.complete(plan, ended: over) }
        }

        /// Steps until a sequence has ended; how many these were.
        mutating func run(until number: SequenceNumber, prompts: Int = .max) -> Int {
            let first = steps
            while isThere(number), steps - first < 10_000 { step(prompts: prompts) }
            return steps - first
        }
    }

    @Test("One tenant's prompts of the full context do not hold up another one's short request")
    func longPrompts() {
        var house = House(tokens: 256, blocks: 512)
        for _ in 0..<4 { house.add(tenant: 1, prompt: 4000, answer: 100) }
        for _ in 0..<3 { house.step() }
        let short = house.add(tenant: 2, prompt: 30, answer: 1)
        #expect(house.run(until: short) == 1)
    }

    @Test("One tenant's long answers that hold all memory do not hold up another one's short request")
    func fullMemory() {
        var house = House(tokens: 256, blocks: 65)
        for _ in 0..<8 { house.add(tenant: 1, prompt: 250, answer: 1000) }
        for _ in 0..<6 { house.step() }
        #expect(house.planner.freeBlockCount <= 1)
        let short = house.add(tenant: 2, prompt: 30, answer: 2)
        #expect(house.run(until: short) == 2)
    }

    @Test(
        "A sequence that fills the memory by itself gives another tenant what a short request needs, and loses no more")
    func tail() throws {
        var house = House(tokens: 256, blocks: 32)
        let long = house.add(tenant: 1, prompt: 1000, answer: 10)
        for _ in 0..<3 { house.step() }
        let before = try #require(house.planner.sequences.first?.computedCount)
        let short = house.add(tenant: 2, prompt: 40, answer: 1)
        #expect(house.run(until: short) == 1)
        #expect(try #require(house.planner.sequences.first?.computedCount) >= before)
        #expect(house.run(until: long) < 20)
    }

    @Test("More answers than places are shared by tenants, not by sequences")
    func decodePlaces() {
        var house = House(tokens: 8, blocks: 512)
        for _ in 0..<20 { house.add(tenant: 1, prompt: 1, answer: 1000) }
        for _ in 0..<2 { house.add(tenant: 2, prompt: 1, answer: 1000) }
        for _ in 0..<20 { house.step() }
        house.computed = [:]
        for _ in 0..<100 { house.step() }
        #expect(house.computed[1] == 600)
        #expect(house.computed[2] == 200, "each of its two has a place in every step")
    }

    @Test("A lower class gets an eighth or less while a higher one has work, and all of it otherwise")
    func classes() {
        var house = House(tokens: 64, blocks: 4096)
        house.add(tenant: 1, prompt: 20_000, answer: 1, .batch)
        let interactive = house.add(tenant: 2, prompt: 20_000, answer: 1)
        house.add(tenant: 3, prompt: 20_000, answer: 1, .background)
        for _ in 0..<200 { house.step() }
        #expect(house.isThere(interactive))
        let (high, low, lowest) = (house.computed[2] ?? 0, house.computed[1] ?? 0, house.computed[3] ?? 0)
        #expect((7 * low...9 * low).contains(high))
        #expect((50 * lowest...80 * lowest).contains(high))
        _ = house.run(until: interactive)
        let (before, step) = (house.computed[1] ?? 0, house.steps)
        for _ in 0..<50 { house.step() }
        #expect((house.computed[1] ?? 0) - before > 50 * (house.steps - step), "the rest of the machine is the batch's")
    }

    @Test("The tokens of tenants who always want some never lie far apart", arguments: 1...20 as ClosedRange<UInt64>)
    func lag(seed: UInt64) {
        var generator = StepGenerator(state: seed)
        let tokens = Int.random(in: 8...128, using: &generator)
        var house = House(tokens: tokens, blocks: 2048)
        let tenants = UInt64.random(in: 2...5, using: &generator)
        // A tenant has one sequence or many, short prompts or long ones, and always a few that are not computed.
        let habits = (0..<tenants).map { _ in
            (count: Int.random(in: 1...6, using: &generator), prompt: Int.random(in: 200...900, using: &generator))
        }
        var open: [UInt64: [SequenceNumber]] = [:]
        for _ in 0..<400 {
            for tenant in 0..<tenants {
                open[tenant, default: []].removeAll { !house.isThere($0) }
                let habit = habits[Int(tenant)]
                while open[tenant, default: []].count < habit.count + 2 {
                    let number = house.add(tenant: tenant, prompt: habit.prompt, answer: 1)
                    open[tenant, default: []].append(number)
                }
            }
            house.step(prompts: Int.random(in: 1...tokens, using: &generator))
            let amounts = (0..<tenants).map { house.computed[$0] ?? 0 }
            #expect((amounts.max() ?? 0) - (amounts.min() ?? 0) <= 2 * max(1, tokens / 8) + Int(tenants))
        }
    }

    @Test("Whoever needs more than its part of the memory gets it in turn, while others never stop")
    func noStarvation() {
        var house = House(tokens: 256, blocks: 32, turn: 16)
        let whole = house.add(tenant: 1, prompt: 900, answer: 100)
        var waits: [Int] = []
        while house.isThere(whole), house.steps < 5000 {
            let short = house.add(tenant: 2, prompt: 60, answer: 5)
            waits.append(house.run(until: short))
        }
        #expect(!house.isThere(whole))
        #expect(house.steps < 1000)
        #expect((waits.max() ?? 0) < 60, "a turn, and the steps around it")
        #expect(waits.sorted()[waits.count / 2] <= 6)
    }

    @Test("A tenant of weight 3 has three tokens computed for one of another's, and the other one never stops")
    func weights() throws {
        var house = House(tokens: 64, blocks: 8192)
        house.add(tenant: 1, prompt: 120_000, answer: 1)
        house.add(tenant: 2, prompt: 120_000, answer: 1, weight: try #require(TenantWeight(3)))
        for _ in 0..<400 { house.step() }
        let (light, heavy) = (house.computed[1] ?? 0, house.computed[2] ?? 0)
        #expect(abs(heavy - 3 * light) <= 64, "\(heavy) to \(light)")
    }

    @Test("A tenant of weight 3 holds three times the memory of another one who wants as much")
    func weightedMemory() throws {
        var house = House(tokens: 256, blocks: 65, turn: 10_000)
        let three = try #require(TenantWeight(3))
        for _ in 0..<8 {
            house.add(tenant: 1, prompt: 250, answer: 10_000)
            house.add(tenant: 2, prompt: 250, answer: 10_000, weight: three)
        }
        for _ in 0..<200 { house.step() }
        house.computed = [:]
        for _ in 0..<50 { house.step() }
        let (light, heavy) = (house.computed[1] ?? 0, house.computed[2] ?? 0)
        #expect(light > 0 && heavy > 2 * light, "\(heavy) to \(light)")
    }

    @Test("Whoever comes back starts beside those that are there, not before them")
    func noCredit() {
        var house = House(tokens: 64, blocks: 4096)
        house.add(tenant: 1, prompt: 60_000, answer: 1)
        for _ in 0..<100 { house.step() }
        house.computed = [:]
        house.add(tenant: 2, prompt: 60_000, answer: 1)
        for _ in 0..<100 { house.step() }
        #expect(abs((house.computed[1] ?? 0) - (house.computed[2] ?? 0)) <= 16)
    }

    @Test("A queue that waits for memory gives newcomers no advantage over those that are computed")
    func memoryWait() {
        var house = House(tokens: 64, blocks: 128, turn: 1000)
        house.add(tenant: 1, prompt: 600, answer: 10_000)
        house.add(tenant: 2, prompt: 600, answer: 10_000)
        for _ in 0..<20 { house.step() }
        let waiting = house.add(tenant: 3, prompt: 3000, answer: 1)
        for _ in 0..<200 { house.step() }
        #expect(house.isThere(waiting) && house.computed[3] == nil)
        house.computed = [:]
        house.add(tenant: 4, prompt: 300, answer: 1)
        house.add(tenant: 1, prompt: 300, answer: 1)
        for _ in 0..<4 { house.step(prompts: 40) }
        #expect(abs((house.computed[1] ?? 0) - (house.computed[4] ?? 0)) <= 16)
    }
}
