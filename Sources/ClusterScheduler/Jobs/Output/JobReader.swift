// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
package import ServingModel
internal import Synchronization

/// What a reader gets of one job at a time.
package struct JobReply: Sendable {
    /// Position of the job among those that the reader follows.
    package var position: Int
    package var parts: [ReplyPart]
    /// Set with the last parts.
    package var summary: JobSummary?
}

/// What a reader is told.
package enum JobNews: Sendable {
    /// What came, of at least one job.
    case replies([JobReply])
    /// Nothing happened for a while: a moment to show that the connection lives.
    case quiet
    /// All jobs are complete, and everything was told.
    case over
}

/// Follows the outputs of the jobs of one request, for one client.
///
/// Whoever has it must call `detach` when it reads no further, however that came; the jobs that nobody reads then end by
/// their kind's rule. A reader that is not waiting and has taken nothing for the stall time is detached by the clock: its
/// client takes nothing. Time counts only while it is not waiting, so that a request whose last choice is accepted long
/// after its first is no stalled one.
package final class JobReader: Sendable {
    private struct State {
        /// Positions of jobs with something new.
        var news: Set<Int>
        /// Positions of jobs whose end was not read.
        var open: Set<Int>
        /// A failure that is told at the next call, behind what came before it.
        var failure: JobFailure?
        var isWaiting = false
        /// Since when it waits, or does not.
        var since: MonotonicTime
        var isQuiet = false
        var isDetached = false
    }

    /// By position; at least one.
    package let jobs: [JobDriver]
    private let timer: DeadlineTimer
    private let limits: JobLimits
    private let state: Mutex<State>
    private let signal = BoundedChannel<Void>(limit: 1)
    private let stalls = BoundedChannel<Void>(limit: 1)

    /// Follows `jobs`, none of which has begun.
    init(_ jobs: [JobDriver], timer: DeadlineTimer, limits: JobLimits) {
        self.jobs = jobs
        self.timer = timer
        self.limits = limits
        let positions = Set(jobs.indices)
        state = Mutex(State(news: positions, open: positions, since: timer.clock.now))
        for (position, job) in jobs.enumerated() {
            let isAttached = job.output.attach(ObjectIdentifier(self), from: 0) { [weak self] in self?.raise(position) }
            precondition(isAttached, "a job that has not begun has lost no part")
        }
        timer.set(timer.clock.now.advanced(by: min(limits.quiet, limits.stall)), for: self)
    }

    /// Waits until instances will give the replies of all jobs, and takes nothing of them; with `orQuiet` at most until the
    /// reader is to be told that nothing happened. Fails with the first job that fails, and where the caller's task is
    /// cancelled.
    package func untilAccepted(orQuiet: Bool = false) async throws(JobFailure) {
        while true {
            var isPending = false
            for job in jobs {
                switch job.output.acceptance {
                case .pending: isPending = true
                case .accepted: break
                case .failed(let failure): throw failure
                }
            }
            if !isPending || orQuiet && state.withLock({ $0.isQuiet }) { return }
            try await waitForNews()
        }
    }

    /// What came since the last call; waits for it. Fails with the first job that fails, behind what came before that, and
    /// where the caller's task is cancelled.
    package func next() async throws(JobFailure) -> JobNews {
        while true {
            if let news = try readNews() { return news }
            try await waitForNews()
        }
    }

    /// The same for readers that need no sign of life: waits until there are replies. Must not be called after the last
    /// job's end was read, which it fails at.
    package func nextReplies() async throws(JobFailure) -> [JobReply] {
        while true {
            switch try await next() {
            case .replies(let replies): return replies
            case .quiet: continue
            case .over: throw JobFailure(.task(.internalError), "the reply has no further parts")
            }
        }
    }

    /// Reads no further.
    package func detach() {
        let open = state.withLock { state in
            guard !state.isDetached else { return Set<Int>() }
            state.isDetached = true
            return state.open
        }
        timer.set(nil, for: self)
        for position in open { leave(position) }
        signal.send(())
    }

    /// Returns when the reader was detached because it took nothing for too long; fails when the task is cancelled.
    package func untilStalled() async throws(CancellationError) {
        _ = try await stalls.receive()
    }

    private func raise(_ position: Int) {
        state.withLock { _ = $0.news.insert(position) }
        // Also where the position was noted before: whoever waits for acceptance reads no news.
        signal.send(())
    }

    private func leave(_ position: Int) {
        let job = jobs[position]
        job.readerLeft(remaining: job.output.detach(ObjectIdentifier(self)))
    }

    private func waitForNews() async throws(JobFailure) {
        setWaiting(true)
        defer { setWaiting(false) }
        do {
            _ = try await signal.receive()
        } catch {
            throw JobFailure(.cancelled, "the client went away")
        }
    }

    private func setWaiting(_ isWaiting: Bool) {
        let now = timer.clock.now
        state.withLock { state in
            state.isWaiting = isWaiting
            state.since = now
        }
    }

    /// What there is; nil where there is nothing.
    private func readNews() throws(JobFailure) -> JobNews? {
        let (positions, failure, isQuiet, isOver) = state.withLock { state in
            defer {
                state.news = []
                state.isQuiet = false
            }
            return (state.news.sorted(), state.failure, state.isQuiet, state.open.isEmpty)
        }
        if let failure { throw failure }
        if isOver { return .over }
        var replies: [JobReply] = []
        for position in positions {
            guard let slice = jobs[position].output.read(ObjectIdentifier(self)) else { continue }
            if let reply = take(slice, of: position) { replies.append(reply) }
        }
        if !replies.isEmpty { return .replies(replies) }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return isQuiet ? .quiet : nil
    }

    private func take(_ slice: JobOutput.Slice, of position: Int) -> JobReply? {
        var reply = JobReply(position: position, parts: slice.parts)
        switch slice.end {
        case .success(let summary)?: reply.summary = summary
        case .failure(let failure)?: state.withLock { $0.failure = $0.failure ?? failure }
        case nil: if !slice.parts.isEmpty { jobs[position].partsTaken(upTo: slice.takenIndex) }
        }
        if slice.end != nil {
            state.withLock { _ = $0.open.remove(position) }
            leave(position)
        }
        return reply.parts.isEmpty && reply.summary == nil ? nil : reply
    }
}

extension JobReader: DeadlineTarget {
    func deadlineReached(now: MonotonicTime) {
        enum Word { case none, quiet, stalled }
        let word = state.withLock { state -> Word? in
            if state.isDetached || state.open.isEmpty { return nil }
            let idle = state.since.duration(to: now)
            if !state.isWaiting { return idle >= limits.stall ? .stalled : Word.none }
            guard idle >= limits.quiet else { return Word.none }
            state.since = now
            state.isQuiet = true
            return .quiet
        }
        guard let word else { return }
        if word == .quiet { signal.send(()) }
        guard word == .stalled else {
            return timer.set(now.advanced(by: min(limits.quiet, max(limits.stall, .milliseconds(1)))), for: self)
        }
        state.withLock { state in
            state.failure = state.failure ?? JobFailure(.cancelled, "the client took nothing for too long")
        }
        detach()
        stalls.send(())
    }
}
