// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// Steps 4 to 7 of a job's life: what each event of its task means for node, client and record.
extension JobMachine {
    mutating func receive(_ event: TaskEvent, of task: TaskID, now: MonotonicTime) throws(JobFailure) {
        guard case .running(let attempt) = phase, attempt.task == task else { return }
        switch event {
        case .accepted(let acceptance): accept(acceptance, now: now)
        case .token(let token): try receive([.token(token)], of: attempt, now: now)
        case .vector(let input): try receive([.vector(input)], of: attempt, now: now)
        case .finished(let outcome): try finish(outcome, of: attempt, now: now)
        case .failed(let failure, let message): try fail(failure, message, of: attempt, now: now)
        }
    }

    private mutating func accept(_ acceptance: TaskAcceptance, now: MonotonicTime) {
        guard let isFirst = progress.accept(acceptance) else { return }
        phaseClock.accept(acceptance, now: now)
        record.status = .running
        record.promptTokens = record.promptTokens ?? acceptance.promptTokens
        record.phases = phaseClock.phases
        if let last = record.tasks.indices.last {
            record.tasks[last].instance = acceptance.instance
            record.tasks[last].status = .running
        }
        if isFirst { ask(.accept(promptTokens: acceptance.promptTokens)) }
    }

    /// Parts of the reply, as they came.
    mutating func receive(_ parts: [ReplyPart], of attempt: Attempt, now: MonotonicTime) throws(JobFailure) {
        let isFirst = progress.partCount == 0
        let arrivals = progress.receive(parts)
        if let index = arrivals.askFrom { ask(.askAgain(attempt, from: index)) }
        guard !arrivals.fresh.isEmpty else { return }
        phaseClock.part(now: now)
        search.forgive()
        if isFirst { record.phases = phaseClock.phases }
        ask(.append(arrivals.fresh))
        let unread = progress.partCount - takenIndex
        guard unread <= limits.mostParts else {
            throw JobFailure(.task(.internalError), "the node sent more than it was asked for: see its journal")
        }
        if unread >= limits.fullParts, fullSince == nil { fullSince = now }
    }

    /// Readers have the parts below `index`.
    mutating func taken(upTo index: Int) {
        takenIndex = max(takenIndex, index)
        let unread = progress.partCount - takenIndex
        if unread < limits.fullParts { fullSince = nil }
        switch phase {
        case .running(let attempt):
            if let index = progress.taken(upTo: takenIndex) { ask(.acknowledge(attempt, index: index)) }
        case .paused:
            guard unread <= limits.fullParts / 2 else { return }
            phase = .queued
            ask(.rejoinQueue)
        case .arriving, .queued, .placing, .waitingForPlace, .over: break
        }
    }

    /// Nobody takes the reply: the place goes to others until somebody does.
    mutating func pause(_ attempt: Attempt) {
        endLastTask(.cancelled, failure: "paused")
        record.status = .queued
        fullSince = nil
        phase = .paused
        ask(.release(attempt, index: progress.partCount))
        ask(.leaveQueue)
    }

    private mutating func finish(_ outcome: TaskOutcome, of attempt: Attempt, now: MonotonicTime) throws(JobFailure) {
        if case .gap(let index) = progress.finish(outcome) {
            if let index { ask(.askAgain(attempt, from: index)) }
            return
        }
        phaseClock.finish(outcome)
        guard outcome.reason != .cancelled else {
            throw JobFailure(.cancelled, "the task was ended on its node: send the request again if that was not you")
        }
        let completionTokens = submission.plan.isAnswer ? max(outcome.completionTokens, progress.partCount) : 0
        end(
            .success(
                JobSummary(
                    reason: outcome.reason, promptTokens: progress.promptTokens ?? 0,
                    completionTokens: completionTokens,
                    rest: JobSummary.TokenRest(text: outcome.text, extra: outcome.extra),
                    messageTokens: outcome.messageTokens)), now: now)
    }

    private mutating func fail(
        _ failure: TaskFailure, _ message: String, of attempt: Attempt, now: MonotonicTime
    ) throws(JobFailure) {
        switch failure {
        case .instanceCrashed: try lose(attempt, .crashed, failure: failure, reason: message, now: now)
        case .instanceLost: try lose(attempt, .lost, failure: failure, reason: message, now: now)
        case .preempted:
            leave(attempt, failure)
            record.status = .queued
            phase = .queued
            // Its place is given back and asked for again, so that it stands behind the others' turn.
            ask(.leaveQueue)
            ask(.rejoinQueue)
        case .overloaded:
            leave(attempt, failure)
            try waitForRoom(avoiding: attempt.node, now: now)
        case .contextLengthExceeded, .invalidRequest, .modelNotFound, .modelReplaced, .startFailed, .internalError:
            throw JobFailure(.task(failure), message)
        }
    }

    /// The task is lost; the next one begins with the tokens so far.
    mutating func lose(
        _ attempt: Attempt, _ loss: ReplyProgress.Loss, failure: TaskFailure, reason: String, now: MonotonicTime
    ) throws(JobFailure) {
        // The first loss is answered at once; when nothing came since the one before, a little later.
        let isRepeated = progress.hasLosses
        if let end = progress.lose(loss, reason: reason, now: now, limits: limits) { throw end }
        leave(attempt, failure)
        if isRepeated, progress.hasLosses { return waitForPlace(now.advanced(by: search.pause())) }
        _ = search.avoid(attempt.node)
        findPlace()
    }

    private mutating func leave(_ attempt: Attempt, _ failure: TaskFailure) {
        endLastTask(.failed, failure: failure.rawValue)
        fullSince = nil
        phase = .placing
        ask(.release(attempt, index: progress.partCount))
    }
}
