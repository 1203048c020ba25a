// SPDX-License-Identifier: Apache-2.0
internal import KVCache

/// A sequence that has the memory for itself for a while, as far as it needs it.
struct MemoryTurn: Sendable {
    let sequence: SequenceNumber
    /// It ends not before this step, and not before the sequence has a token more.
    let lastStep: Int
    let tokenCount: Int
}

/// Who holds how many blocks. Blocks are taken away from the end of a sequence, so that all before them stays computed.
///
/// Queues share the memory as far as each of them needs it (max-min fairness, a block counting what it costs its
/// queue): a queue gets blocks from one that holds more than it would itself with them, and from no other. That can
/// leave a sequence without enough for a long time, such as one that needs more than its queue's part while others
/// always want theirs. So a sequence that got nothing for `BatchLimits.memoryTurnSteps` has a turn: it takes what it
/// needs from all others, and keeps it for as many steps and until it has got a token further.
extension BatchPlanner {
    /// Shares the memory out for the next step:
    ///
    /// 1. The sequence that has the turn gets all that it lacks, from all others.
    /// 2. Every decoding sequence, oldest first, gets the block for its newest token, and every prompt that lost blocks
    ///    gets them back, as many as there are. Where none is free, one is taken from a paused sequence, from a queue
    ///    that holds more, or from a newer sequence of its own queue; else it waits.
    /// 3. Waiting sequences are let in, each with blocks for all its tokens, and one block more must stay free for
    ///    those that are running. Queues come in their order; a queue's first that does not fit ends this for the
    ///    queue, so that a long prompt is not overtaken by others of it.
    mutating func shareMemory(_ plan: inout StepPlan) {
        renewTurn()
        if let place = memoryTurn.flatMap({ place(of: $0.sequence) }) { growForTurn(place, &plan) }  // 1
        for place in sequences.indices where sequences[place].isUnderway {  // 2
            // A block that others will need at once is not given back to a prompt.
            let reserve = sequences[place].phase == .prefilling && othersRun(besides: place) ? 1 : 0
            while sequences[place].missingBlocks > 0, free(1 + reserve, for: place, wanting: 1, &plan) {
                grow(place, by: 1)
            }
        }
        admitWaiting(&plan)  // 3
    }

    private mutating func admitWaiting(_ plan: inout StepPlan) {
        guard sequences.contains(where: { $0.phase == .waiting }) else { return }
        var refused: Set<FairShares.Slot> = []
        while let place = nextToAdmit(refused) {
            let missing = sequences[place].missingBlocks
            let wanted = missing + (othersRun(besides: place) ? 1 : 0)
            guard obtainableCount(for: place, wanting: missing) >= wanted,
                free(wanted, for: place, wanting: missing, &plan)
            else {
                refused.insert(sequences[place].queue)
                continue
            }
            grow(place, by: missing)
        }
    }

    /// The oldest waiting sequence of the queue that comes first.
    private func nextToAdmit(_ refused: Set<FairShares.Slot>) -> Int? {
        var best: Int?
        for place in sequences.indices
        where sequences[place].phase == .waiting && !refused.contains(sequences[place].queue) {
            if best.map({ shares.isBefore(sequences[place].queue, sequences[$0].queue) }) ?? true { best = place }
        }
        return best
    }

    private func othersRun(besides place: Int) -> Bool {
        sequences.indices.contains { $0 != place && sequences[$0].holdsBlocks && sequences[$0].phase != .paused }
    }

    /// Gives a sequence free blocks.
    private mutating func grow(_ place: Int, by count: Int) {
        guard count > 0 else { return }
        shares.addBlocks(sequences[place].blocks.grow(by: count, from: &source), to: sequences[place].queue)
        if sequences[place].phase == .waiting, sequences[place].holdsBlocks { sequences[place].phase = .prefilling }
    }
}

/// Taking blocks away.
extension BatchPlanner {
    /// Blocks that are free, or that the rules allow a sequence to have taken away from others.
    private func obtainableCount(for place: Int, wanting count: Int) -> Int {
        let own = sequences[place].queue
        let bound = (shares.blocks(of: own) + count) * shares.cost(of: own)
        var total = source.freeCount
        var seen: Set<FairShares.Slot> = [own]
        for other in sequences.indices where sequences[other].holdsBlocks {
            let sequence = sequences[other]
            if sequence.phase == .paused || sequence.queue == own && other > place && !hasTurn(other) {
                total += sequence.blocks.blocks.count
            }
            guard seen.insert(sequence.queue).inserted else { continue }
            total += max(0, takeableCount(of: sequence.queue) - bound / shares.cost(of: sequence.queue))
        }
        return total
    }

    /// Takes blocks away until so many are free; false where the rules do not allow enough of it.
    private mutating func free(_ wanted: Int, for place: Int, wanting count: Int, _ plan: inout StepPlan) -> Bool {
        while source.freeCount < wanted {
            if let paused = newestPaused() {
                takeBlocks(wanted - source.freeCount, from: paused, &plan)
            } else if let victim = victim(for: place, wanting: count) {
                takeBlocks(1, from: victim, &plan)
            } else {
                return false
            }
        }
        return true
    }

    /// Whose last block is taken away for a sequence: of the queue that holds most, if that is more than its own queue
    /// would hold then; else a newer one of its own queue.
    private func victim(for place: Int, wanting count: Int) -> Int? {
        let own = sequences[place].queue
        var most = (shares.blocks(of: own) + count) * shares.cost(of: own)
        var largest: FairShares.Slot?
        for sequence in sequences where sequence.queue != own && sequence.holdsBlocks {
            let held = takeableCount(of: sequence.queue) * shares.cost(of: sequence.queue)
            guard held > most else { continue }
            (most, largest) = (held, sequence.queue)
        }
        return newest(of: largest ?? own, behind: largest == nil ? place : -1)
    }

    private func newest(of queue: FairShares.Slot, behind place: Int) -> Int? {
        sequences.indices.last {
            $0 > place && sequences[$0].queue == queue && sequences[$0].holdsBlocks && sequences[$0].phase != .paused
                && !hasTurn($0)
        }
    }

    private func newestPaused() -> Int? {
        sequences.indices.last { sequences[$0].phase == .paused && sequences[$0].holdsBlocks }
    }

    /// Blocks of a queue that may be taken away: not those of the sequence that has the turn, nor of paused ones, which
    /// are taken before all others.
    private func takeableCount(of queue: FairShares.Slot) -> Int {
        guard let place = memoryTurn.flatMap({ place(of: $0.sequence) }), sequences[place].queue == queue else {
            return shares.blocks(of: queue)
        }
        return shares.blocks(of: queue) - sequences[place].blocks.blocks.count
    }

    private mutating func takeBlocks(_ count: Int, from place: Int, _ plan: inout StepPlan) {
        giveUp(count, of: place)
        let number = sequences[place].number
        if !plan.preempted.contains(number) { plan.preempted.append(number) }
    }
}

/// Turns.
extension BatchPlanner {
    /// Ends a turn that is over, and gives it to the sequence that got nothing for longest, if that was long enough.
    private mutating func renewTurn() {
        if let turn = memoryTurn {
            let sequence = place(of: turn.sequence).map { sequences[$0] }
            let isOver = sequence.map { $0.phase == .paused || step > turn.lastStep && $0.tokenCount > turn.tokenCount }
            if isOver ?? true { memoryTurn = nil }
        }
        if memoryTurn == nil { giveTurn(behind: limits.memoryTurnSteps) }
    }

    /// Where nothing can be computed for want of memory: gives the turn to the sequence that waited longest. False
    /// where no sequence lacks memory.
    mutating func giveTurnAtOnce() -> Bool {
        memoryTurn = nil
        giveTurn(behind: 0)
        return memoryTurn != nil
    }

    /// Gives the turn to the sequence that lacks memory for longest, where that was for more than so many steps. Within
    /// a queue the oldest comes first anyway, so only that one can be held up by other queues.
    private mutating func giveTurn(behind steps: Int) {
        var best: Int?
        for place in sequences.indices
        where sequences[place].lacksMemory && step - sequences[place].lastStep > steps && isOldest(place) {
            if best.map({ sequences[place].lastStep < sequences[$0].lastStep }) ?? true { best = place }
        }
        guard let best else { return }
        memoryTurn = MemoryTurn(
            sequence: sequences[best].number, lastStep: step + limits.memoryTurnSteps,
            tokenCount: sequences[best].tokenCount)
    }

    /// Whether no older sequence of its queue wants to be computed.
    private func isOldest(_ place: Int) -> Bool {
        !sequences[..<place].contains { $0.queue == sequences[place].queue && $0.phase != .paused }
    }

    private mutating func growForTurn(_ place: Int, _ plan: inout StepPlan) {
        let missing = sequences[place].missingBlocks
        while source.freeCount < missing, let victim = newestPaused() ?? newestHolder(besides: place) {
            takeBlocks(missing - source.freeCount, from: victim, &plan)
        }
        grow(place, by: missing)
    }

    private func newestHolder(besides place: Int) -> Int? {
        sequences.indices.last { $0 != place && sequences[$0].holdsBlocks }
    }

    private func hasTurn(_ place: Int) -> Bool { memoryTurn?.sequence == sequences[place].number }
}
