// SPDX-License-Identifier: Apache-2.0
package import KVCache

/// Decides which tokens the next step computes: continuous batching with prompts in chunks, over a bounded number of
/// key and value blocks, shared fairly by the queues of tenants and classes. A pure state machine without tokens, clock
/// or memory: events in, plans out.
///
/// A step is three verbs, of which the first and the last are here: `schedule` says what to compute, the owner runs it,
/// `complete` says what came of it. In between everything else may be said as at any time: what would touch a sequence
/// of the running step is kept and done behind it.
package struct BatchPlanner<Blocks: BlockSource>: Sendable {
    /// The bounds of its steps.
    package let limits: BatchLimits
    /// Positions that a block of the source holds.
    package let tokensPerBlock: Int

    /// In the order of arrival.
    package internal(set) var sequences: [PlannedSequence] = []
    /// The step that was scheduled and is not complete.
    package private(set) var inFlight: StepPlan?

    var source: Blocks
    var shares = FairShares()
    /// Steps that were scheduled so far.
    var step = 0
    /// How often tokens were given to a sequence so far.
    var turns = 0
    var memoryTurn: MemoryTurn?
    private var deferred: [DeferredChange] = []

    /// What is done to a sequence of the running step when that is complete.
    private enum DeferredChange {
        case remove(SequenceNumber)
        case recompute(SequenceNumber)
    }

    /// A planner over a source of blocks that is the planner's alone.
    package init(limits: BatchLimits, blocks: Blocks, tokensPerBlock: Int) {
        self.limits = limits
        self.tokensPerBlock = tokensPerBlock
        source = blocks
    }

    /// Positions that a sequence can have when it is alone. None may be added or grow beyond it.
    package var positionCapacity: Int { source.blockCount * tokensPerBlock }

    /// Blocks that no sequence holds.
    package var freeBlockCount: Int { source.freeCount }

    /// A new sequence of `tokenCount` tokens, `nextIndex` of which already belong to its answer. It waits until blocks
    /// for all of them are free. Numbers must ascend from call to call. A whole one is computed in one step, so it must
    /// not have more tokens than a step.
    package mutating func add(
        _ number: SequenceNumber, tokenCount: Int, nextIndex: Int, isWhole: Bool = false,
        queue: TenantQueue = TenantQueue()
    ) {
        precondition(sequences.last.map { $0.number < number } ?? true, "sequence numbers ascend")
        precondition(tokenCount > 0 && tokenCount <= positionCapacity, "the owner refuses what can never fit")
        precondition(!isWhole || tokenCount <= limits.tokensPerStep, "a whole text fits into one step")
        let slot = shares.join(queue)
        shares.want(slot)
        sequences.append(
            PlannedSequence(
                number: number, tokenCount: tokenCount, nextIndex: nextIndex, isWhole: isWhole,
                tokensPerBlock: tokensPerBlock, queue: slot, step: step))
    }

    /// Drops a sequence and frees its blocks; unknown numbers are ignored.
    package mutating func remove(_ number: SequenceNumber) {
        if isRunning(number) { deferred.append(.remove(number)) } else { drop(number) }
    }

    /// Tokens of the answer below `index` have reached the reader: a paused sequence goes on.
    package mutating func acknowledge(_ number: SequenceNumber, index: Int) {
        guard let place = place(of: number) else { return }
        sequences[place].acknowledgedIndex = max(
            sequences[place].acknowledgedIndex, min(index, sequences[place].nextIndex))
        guard sequences[place].phase == .paused, !sequences[place].isWindowFull(limits) else { return }
        sequences[place].phase = sequences[place].presentPhase
        sequences[place].lastStep = step
        shares.want(sequences[place].queue)
        shares.addBlocks(sequences[place].blocks.blocks.count, to: sequences[place].queue)
    }

    /// Has a sequence computed from its first token on again, as if its blocks had been taken away.
    package mutating func recompute(_ number: SequenceNumber) {
        guard !isRunning(number) else { return deferred.append(.recompute(number)) }
        if let place = place(of: number) { giveUp(.max, of: place) }
    }

    /// The next step's work, with as many tokens of prompts beside a number of answers as `budget` says; at least one
    /// where there is no answer. An empty plan needs no `complete`.
    package mutating func schedule(budget: (_ answers: Int) -> Int = { _ in .max }) -> StepPlan {
        precondition(inFlight == nil, "a step is scheduled after the one before is complete")
        let plan = planStep(budget)
        inFlight = plan.isEmpty ? nil : plan
        return plan
    }

    /// The plan was run. `ended` are those of its sampled sequences whose answers are over; the others have one token
    /// more.
    package mutating func complete(_ plan: StepPlan, ended: Set<SequenceNumber>) {
        precondition(inFlight == plan, "only the scheduled step can be complete")
        inFlight = nil
        for chunk in plan.chunks {
            guard let place = place(of: chunk.sequence) else { continue }
            sequences[place].computedCount += chunk.count
            guard chunk.samples else { continue }
            guard !ended.contains(chunk.sequence) else {
                drop(chunk.sequence)
                continue
            }
            sequences[place].tokenCount += 1
            sequences[place].nextIndex += 1
            sequences[place].phase = .decoding
            if sequences[place].isWindowFull(limits) { pause(place) }
        }
        for change in deferred {
            switch change {
            case .remove(let number): drop(number)
            case .recompute(let number): recompute(number)
            }
        }
        deferred.removeAll(keepingCapacity: true)
    }

    /// What is wrong with the planner's own books, as a sentence; nil where they are sound. For tests.
    package func brokenInvariant() -> String? {
        if let broken = source.brokenInvariant() { return broken }
        let held = sequences.flatMap(\.blocks.blocks)
        guard Set(held).count == held.count else { return "two sequences write one block" }
        guard held.count + source.freeCount == source.blockCount else { return "a block is leased by nobody" }
        let queues = Set(sequences.map(\.queue))
        let areCounted = queues.allSatisfy { queue in
            shares.blocks(of: queue)
                == sequences.reduce(0) { $0 + ($1.queue == queue && $1.phase != .paused ? $1.blocks.blocks.count : 0) }
        }
        guard areCounted else { return "the blocks of a queue are counted wrongly" }
        let isComputed = sequences.allSatisfy {
            $0.computedCount <= $0.blocks.capacity && $0.computedCount < $0.tokenCount
        }
        return isComputed ? nil : "a sequence has computed more than it has room or tokens for"
    }

    /// Index into `sequences`; they are sorted.
    func place(of number: SequenceNumber) -> Int? {
        var low = 0
        var high = sequences.count
        while low < high {
            let middle = (low + high) / 2
            if sequences[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < sequences.count && sequences[low].number == number ? low : nil
    }

    private func isRunning(_ number: SequenceNumber) -> Bool {
        inFlight?.chunks.contains { $0.sequence == number } ?? false
    }

    private mutating func pause(_ place: Int) {
        sequences[place].phase = .paused
        shares.rest(sequences[place].queue)
        shares.addBlocks(-sequences[place].blocks.blocks.count, to: sequences[place].queue)
    }

    /// Takes the last blocks of a sequence away, up to so many.
    mutating func giveUp(_ count: Int, of place: Int) {
        let before = sequences[place].blocks.blocks.count
        let isPaused = sequences[place].phase == .paused
        sequences[place].giveUp(count, to: &source)
        if !isPaused { shares.addBlocks(sequences[place].blocks.blocks.count - before, to: sequences[place].queue) }
    }

    private mutating func drop(_ number: SequenceNumber) {
        guard let place = place(of: number) else { return }
        giveUp(.max, of: place)
        let sequence = sequences.remove(at: place)
        if sequence.phase != .paused { shares.rest(sequence.queue) }
        shares.leave(sequence.queue)
    }
}

extension BatchPlanner<LocalBlocks> {
    /// A planner over an instance's own memory, whose blocks are all free.
    package init(limits: BatchLimits, blockCount: Int, tokensPerBlock: Int) {
        self.init(limits: limits, blocks: LocalBlocks(blockCount: blockCount), tokensPerBlock: tokensPerBlock)
    }
}
