// SPDX-License-Identifier: Apache-2.0
internal import KVCache

/// Decides which tokens the next step computes: continuous batching with prompts in chunks, over a bounded number of
/// key and value blocks. A pure state machine without tokens, clock or memory: events in, plans out.
///
/// A step is three verbs, of which the first and the last are here: `schedule` says what to compute, the owner runs it,
/// `complete` says what came of it. Between the two nothing else may be told to the planner.
package struct BatchPlanner: Sendable {
    package let limits: BatchLimits
    package let tokensPerBlock: Int

    /// In the order of arrival.
    package internal(set) var sequences: [PlannedSequence] = []
    var pool: BlockPool
    /// The sequence after which the next step's decode tokens begin, where there are more sequences than places.
    var lastDecoded: SequenceNumber?
    private var stepInFlight = false

    /// A planner over blocks that are all free.
    package init(limits: BatchLimits, blockCount: Int, tokensPerBlock: Int) {
        self.limits = limits
        self.tokensPerBlock = tokensPerBlock
        pool = BlockPool(blockCount: blockCount)
    }

    /// Positions that a sequence can have when it is alone. Nobody may add or grow one beyond it.
    package var positionCapacity: Int { pool.blockCount * tokensPerBlock }

    /// Blocks that nobody holds.
    package var freeBlockCount: Int { pool.freeCount }

    /// A new sequence of `tokenCount` tokens, `nextIndex` of which already belong to its answer. It waits until blocks
    /// for all of them are free. Numbers must ascend from call to call. A whole one is computed in one step, so it must
    /// not have more tokens than a step.
    package mutating func add(_ number: SequenceNumber, tokenCount: Int, nextIndex: Int, isWhole: Bool = false) {
        precondition(!stepInFlight, "sequences are added between steps")
        precondition(sequences.last.map { $0.number < number } ?? true, "sequence numbers ascend")
        precondition(tokenCount > 0 && tokenCount <= positionCapacity, "the owner refuses what can never fit")
        precondition(!isWhole || tokenCount <= limits.tokensPerStep, "a whole text fits into one step")
        sequences.append(
            PlannedSequence(
                number: number, tokenCount: tokenCount, nextIndex: nextIndex, isWhole: isWhole,
                tokensPerBlock: tokensPerBlock))
    }

    /// Forgets a sequence and frees its blocks; unknown numbers are ignored.
    package mutating func remove(_ number: SequenceNumber) {
        precondition(!stepInFlight, "sequences are removed between steps")
        drop(number)
    }

    /// Tokens of the answer below `index` have reached the reader: a paused sequence goes on.
    package mutating func acknowledge(_ number: SequenceNumber, index: Int) {
        precondition(!stepInFlight, "acknowledgements come between steps")
        guard let place = place(of: number) else { return }
        sequences[place].acknowledgedIndex = max(
            sequences[place].acknowledgedIndex, min(index, sequences[place].nextIndex))
        guard sequences[place].phase == .paused, !sequences[place].isWindowFull(limits) else { return }
        sequences[place].phase = sequences[place].holdsBlocks ? .decoding : .waiting
    }

    /// Has a sequence computed from its first token on again, as if its blocks had been taken away.
    package mutating func recompute(_ number: SequenceNumber) {
        precondition(!stepInFlight, "sequences are computed again between steps")
        guard let place = place(of: number) else { return }
        sequences[place].giveUpBlocks(to: &pool)
    }

    /// The next step's work, with as many tokens of prompts beside a number of answers as `pace` says; at least one
    /// where there is no answer. An empty plan needs no `complete`.
    package mutating func schedule(pace: (_ answers: Int) -> Int = { _ in .max }) -> StepPlan {
        precondition(!stepInFlight, "a step is scheduled after the one before is complete")
        let plan = planStep(pace)
        stepInFlight = !plan.isEmpty
        return plan
    }

    /// The plan was run. `ended` are those of the sampled sequences whose answers are over; the others have one token
    /// more.
    package mutating func complete(_ plan: StepPlan, ended: Set<SequenceNumber>) {
        precondition(stepInFlight, "only a scheduled step can be complete")
        stepInFlight = false
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
            sequences[place].phase = sequences[place].isWindowFull(limits) ? .paused : .decoding
        }
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

    private mutating func drop(_ number: SequenceNumber) {
        guard let place = place(of: number) else { return }
        sequences[place].giveUpBlocks(to: &pool)
        sequences.remove(at: place)
    }
}
