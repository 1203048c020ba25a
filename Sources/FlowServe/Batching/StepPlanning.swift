// SPDX-License-Identifier: Apache-2.0
internal import KVCache

extension BatchPlanner {
    /// Plans a step in this order:
    ///
    /// 1. Memory is shared out, as `shareMemory` says.
    /// 2. Decoding sequences take one token each. Where they are more than a step holds, queues take turns, and within
    ///    a queue the sequences; while prompts wait, a part of the step is left to those.
    /// 3. Prompts take the rest in chunks, but no more than the budget allows beside those answers, which may be none.
    ///    Queues take turns by `FairShares`, a few tokens at a time; within a queue they come in the order of arrival.
    mutating func planStep(_ budget: (_ answers: Int) -> Int) -> StepPlan {
        step += 1
        var plan = StepPlan()
        shareMemory(&plan)  // 1
        takeDecodeTokens(&plan)  // 2
        takePromptTokens(&plan, budget)  // 3
        if plan.isEmpty, giveTurnAtOnce() {
            // No sequence has the memory for a token more while the others keep theirs: one of them gets it now.
            shareMemory(&plan)
            takeDecodeTokens(&plan)
            takePromptTokens(&plan, budget)
        }
        return plan
    }

    private mutating func takeDecodeTokens(_ plan: inout StepPlan) {
        var isPrompting = false
        var decodingCount = 0
        for sequence in sequences where sequence.computableCount > 0 {
            if sequence.phase == .decoding { decodingCount += 1 }
            if sequence.phase == .prefilling { isPrompting = true }
        }
        let room = isPrompting ? limits.decodeTokensBesidePrompts : limits.tokensPerStep
        guard decodingCount > room else {
            for place in sequences.indices where canDecode(place) { take(1, of: place, &plan) }
            return
        }
        for _ in 0..<room {
            guard let place = nextToDecode() else { return }
            take(1, of: place, &plan)
        }
    }

    private func canDecode(_ place: Int) -> Bool {
        sequences[place].phase == .decoding && sequences[place].computableCount > 0
            && sequences[place].lastStep < step
    }

    /// The decoding sequence that waited longest, of the queue that comes first.
    private func nextToDecode() -> Int? {
        var best: Int?
        for place in sequences.indices where canDecode(place) {
            guard let other = best else {
                best = place
                continue
            }
            let (mine, theirs) = (sequences[place], sequences[other])
            if mine.queue == theirs.queue
                ? mine.lastTurn < theirs.lastTurn : shares.isBefore(mine.queue, theirs.queue)
            {
                best = place
            }
        }
        return best
    }

    private mutating func takePromptTokens(_ plan: inout StepPlan, _ budget: (_ answers: Int) -> Int) {
        let answers = plan.chunks.count
        var room = min(limits.tokensPerStep - answers, max(plan.isEmpty ? 1 : 0, budget(answers)))
        while room > 0, let place = nextToPrefill(plan, behind: answers) {
            let sequence = sequences[place]
            if sequence.isWhole, sequence.tokenCount > room {
                // The budget is no reason to compute nothing: a text that is alone in its step may be as long as the
                // step. Beside others it waits, and so do those behind it, so that it is not overtaken for ever.
                guard plan.isEmpty else { return }
                room = sequence.tokenCount
            }
            let quantum = sequence.isWhole ? sequence.tokenCount : limits.promptQuantum
            room -= take(min(quantum, room), of: place, &plan)
        }
    }

    /// The oldest prompt with something left to compute, of the queue that comes first. Chunks behind the answers' may
    /// grow.
    private func nextToPrefill(_ plan: StepPlan, behind answers: Int) -> Int? {
        var best: Int?
        for place in sequences.indices where sequences[place].phase == .prefilling {
            let sequence = sequences[place]
            let planned = sequence.lastStep == step ? plannedCount(of: place, plan, behind: answers) : 0
            guard sequence.computableCount > planned, !sequence.isWhole || sequence.missingBlocks == 0 else { continue }
            guard let other = best else {
                best = place
                continue
            }
            if shares.isBefore(sequence.queue, sequences[other].queue) { best = place }
        }
        return best
    }

    private func plannedCount(of place: Int, _ plan: StepPlan, behind answers: Int) -> Int {
        plan.chunks[answers...].first { $0.sequence == sequences[place].number }?.count ?? 0
    }

    /// Adds up to so many tokens of a sequence to the plan and returns how many they were.
    @discardableResult
    private mutating func take(_ tokens: Int, of place: Int, _ plan: inout StepPlan) -> Int {
        let sequence = sequences[place]
        let index = sequence.lastStep == step ? plan.chunks.firstIndex { $0.sequence == sequence.number } : nil
        let before = index.map { plan.chunks[$0].count } ?? 0
        let added = min(tokens, sequence.computableCount - before)
        let chunk = PlannedChunk(
            sequence: sequence.number, firstPosition: sequence.computedCount, count: before + added,
            samples: sequence.computedCount + before + added == sequence.tokenCount, blocks: sequence.blocks.blocks)
        if let index { plan.chunks[index] = chunk } else { plan.chunks.append(chunk) }
        turns += 1
        sequences[place].lastStep = step
        sequences[place].lastTurn = turns
        shares.charge(sequence.queue, tokens: added, turn: turns)
        return added
    }
}

extension BatchLimits {
    /// Tokens of prompts that a queue gets at a time where several want some.
    var promptQuantum: Int { max(1, tokensPerStep / 8) }
}
