// SPDX-License-Identifier: Apache-2.0
internal import KVCache

extension BatchPlanner {
    /// Plans a step in this order:
    ///
    /// 1. Every decoding sequence, oldest first, gets the block for its newest token. Where none is free, one is taken
    ///    away: from the newest paused sequence, else from the newest of all, which may be the asker itself.
    /// 2. Waiting sequences are let in, oldest first, each with blocks for all its tokens, and one block more must stay
    ///    free for those that are running; paused sequences give theirs up for it. The first that does not fit ends
    ///    this, so that a long prompt is not overtaken for ever.
    /// 3. Decoding sequences take one token each, going round where they are more than a step holds; while prompts
    ///    wait, a part of the step is left to those.
    /// 4. Prompts take the rest in chunks, oldest first, but no more than the pace allows beside those answers, which
    ///    may be none. One that must be whole waits for a step with enough room; those behind it wait too, so that it
    ///    is not overtaken for ever.
    mutating func planStep(_ pace: (_ answers: Int) -> Int) -> StepPlan {
        var plan = StepPlan()
        growDecoding(&plan)  // 1
        admitWaiting(&plan)  // 2
        takeDecodeTokens(&plan)  // 3
        takePromptTokens(&plan, pace)  // 4
        return plan
    }

    private mutating func growDecoding(_ plan: inout StepPlan) {
        for place in sequences.indices where sequences[place].phase == .decoding {
            let positions = sequences[place].tokenCount
            while sequences[place].phase == .decoding,
                sequences[place].blocks.grow(toPositions: positions, from: &pool) != .fits
            {
                // The asker holds blocks itself, so somebody always can give some.
                guard let victim = victim() else { break }
                takeBlocks(from: victim, &plan)
            }
        }
    }

    /// Whose blocks are taken away next.
    private func victim() -> Int? {
        sequences.lastIndex { $0.phase == .paused && $0.holdsBlocks } ?? sequences.lastIndex { $0.holdsBlocks }
    }

    private mutating func takeBlocks(from place: Int, _ plan: inout StepPlan) {
        sequences[place].giveUpBlocks(to: &pool)
        plan.preempted.append(sequences[place].number)
    }

    private mutating func admitWaiting(_ plan: inout StepPlan) {
        for place in sequences.indices where sequences[place].phase == .waiting {
            let positions = sequences[place].tokenCount
            guard makeRoom(forPositions: positions, of: place, &plan) else { return }
            guard sequences[place].blocks.grow(toPositions: positions, from: &pool) == .fits else { return }
            sequences[place].phase = .prefilling
        }
    }

    /// Whether the blocks are free now, after paused sequences gave theirs up where that is enough.
    private mutating func makeRoom(forPositions positions: Int, of place: Int, _ plan: inout StepPlan) -> Bool {
        let missing = sequences[place].blocks.missingBlocks(forPositions: positions)
        let isRunning = sequences.contains { $0.holdsBlocks && $0.phase != .paused }
        let wanted = missing + (isRunning ? 1 : 0)
        let paused = sequences.indices.filter { sequences[$0].phase == .paused && sequences[$0].holdsBlocks }
        let reachable = paused.reduce(pool.freeCount) { $0 + sequences[$1].blocks.blocks.count }
        guard wanted <= reachable else { return false }
        for victim in paused.reversed() where pool.freeCount < wanted { takeBlocks(from: victim, &plan) }
        return pool.freeCount >= wanted
    }

    private mutating func takeDecodeTokens(_ plan: inout StepPlan) {
        let decoding = sequences.indices.filter { sequences[$0].phase == .decoding }
        guard !decoding.isEmpty else { return }
        let promptsWait = sequences.contains { $0.phase == .prefilling }
        let room = promptsWait ? limits.decodeTokensBesidePrompts : limits.tokensPerStep
        let first = decoding.firstIndex { place in lastDecoded.map { $0 < sequences[place].number } ?? true } ?? 0
        for step in 0..<min(room, decoding.count) {
            let place = decoding[(first + step) % decoding.count]
            appendChunk(of: place, room: 1, &plan)
            lastDecoded = sequences[place].number
        }
    }

    private func takePromptTokens(_ plan: inout StepPlan, _ pace: (_ answers: Int) -> Int) {
        var room = min(limits.tokensPerStep - plan.chunks.count, max(plan.isEmpty ? 1 : 0, pace(plan.chunks.count)))
        for place in sequences.indices where sequences[place].phase == .prefilling && room > 0 {
            let sequence = sequences[place]
            if sequence.isWhole, sequence.tokenCount > room {
                // The pace is no reason to compute nothing: a text that is alone in its step may be as long as the
                // step.
                guard plan.isEmpty else { break }
                room = sequence.tokenCount
            }
            room -= appendChunk(of: place, room: room, &plan)
        }
    }

    @discardableResult
    private func appendChunk(of place: Int, room: Int, _ plan: inout StepPlan) -> Int {
        let sequence = sequences[place]
        let remaining = sequence.tokenCount - sequence.computedCount
        let count = min(remaining, room)
        plan.chunks.append(
            PlannedChunk(
                sequence: sequence.number, firstPosition: sequence.computedCount, count: count,
                samples: count == remaining, blocks: sequence.blocks.blocks))
        return count
    }
}
