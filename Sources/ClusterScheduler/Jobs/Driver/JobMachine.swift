// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import Policies
internal import ServingModel

/// The life of one job as a value: each event changes it and names what is to be done. Its owner, `JobDriver`, does that;
/// nothing here waits, sends or looks at a clock.
///
/// The life of a job:
/// 1. The model is looked for: a name that no node knows is refused at once.
/// 2. Admission: the job waits for its turn.
/// 3. Placement: a node is chosen and gets a task; where it has no room, another one, or the same a little later.
/// 4. Acceptance by an instance; the client's status line waits for it.
/// 5. Parts, checked for order, appended to the output, acknowledged as readers take them.
/// 6. A loss goes back to 3 with the tokens so far. A place that is given to somebody else goes back to 2.
/// 7. An output that is full of unread parts pauses the job: its task is ended and its place given back; when readers have
///    taken half, it goes back to 2 with the tokens so far.
/// 8. The end: the record is final, the task is released by the node.
struct JobMachine: Sendable {
    /// Where the job stands.
    ///
    /// - `arriving`: to `queued` (`begin`).
    /// - `queued`: waits for its turn; to `placing` (`admitted`).
    /// - `placing`: a node is being chosen; to `running`, `waitingForPlace`.
    /// - `waitingForPlace`: looks again when the cluster changes or the time has come; to `placing`.
    /// - `running`: a node has the task or is being given it; to `placing`, `waitingForPlace`, `queued`, `paused`.
    /// - `paused`: nobody takes the reply; to `queued`.
    /// - `over`: final; every other state leads there.
    enum Phase: Hashable, Sendable {
        case arriving, queued, placing
        case waitingForPlace(retry: MonotonicTime)
        case running(Attempt)
        case paused, over
    }

    /// A task and the node that it was sent to.
    struct Attempt: Hashable, Sendable {
        let task: TaskID
        let node: NodeName
    }

    /// What happens to a job.
    enum Event: Sendable {
        /// The scheduler took it. `refusal` says why there cannot be a place for it, nil where there can.
        case begin(refusal: PlacementDecision?)
        case admitted
        /// The answer to `findPlace`; a task that is sent gets the id.
        case decided(ClusterDecision, newTask: TaskID)
        /// The node took the task, or why not.
        case submitted(TaskID, NodeRequestError?)
        case task(TaskID, TaskEvent)
        case tokens(TaskID, [GeneratedToken])
        /// The node no longer has the task, or is away for too long.
        case taskGone(TaskID, reason: String)
        /// A node, or a node's models, came or went.
        case clusterChanged
        /// The deadline has come.
        case deadline
        /// All readers have the parts below the index.
        case taken(upTo: Int)
        /// Somebody ended it, or its last reader left.
        case ended(JobFailure)
    }

    /// What is to be done, in this order.
    enum Effect: Sendable {
        /// Wait for a turn again.
        case rejoinQueue
        case leaveQueue
        case findPlace(avoiding: Set<NodeName>)
        case submit(ServingTask, tokens: Int, to: NodeName)
        /// Tell the node that readers have the parts below the index.
        case acknowledge(Attempt, index: Int)
        /// Ask the node for the parts from the index on again.
        case askAgain(Attempt, from: Int)
        /// Tell the node that nothing more of the task is wanted.
        case release(Attempt, index: Int)
        /// `clusterChanged` is wanted from now on.
        case watchCluster
        case unwatchCluster
        case accept(promptTokens: Int)
        case append([ReplyPart])
        case finish(JobEnd)
    }

    let submission: JobSubmission
    let limits: JobLimits
    var record: JobRecord
    var phase = Phase.arriving
    var progress: ReplyProgress
    var phaseClock: PhaseClock
    var search = PlaceSearch()
    /// Parts that all readers have.
    var takenIndex = 0
    /// Since when the output is full.
    var fullSince: MonotonicTime?
    /// What the current event asks for.
    private var effects: [Effect] = []

    init(_ submission: JobSubmission, record: JobRecord, limits: JobLimits, now: MonotonicTime) {
        self.submission = submission
        self.record = record
        self.limits = limits
        progress = ReplyProgress(keepsTokens: submission.plan.isAnswer)
        phaseClock = PhaseClock(arrival: now)
    }

    /// When `deadline` is to be told; nil where nothing waits for the time.
    var deadline: MonotonicTime? {
        let full = fullSince.map { $0.advanced(by: limits.fullTime) }
        switch phase {
        case .waitingForPlace(let retry): return full.map { min($0, retry) } ?? retry
        case .running: return full
        case .arriving, .queued, .placing, .paused, .over: return nil
        }
    }

    /// Takes an event in; returns what is to be done.
    mutating func handle(_ event: Event, now: MonotonicTime) -> [Effect] {
        guard phase != .over else { return [] }
        do throws(JobFailure) {
            try take(event, now: now)
        } catch {
            end(.failure(error), now: now)
        }
        defer { effects = [] }
        return effects
    }

    mutating func ask(_ effect: Effect) { effects.append(effect) }

    private mutating func take(_ event: Event, now: MonotonicTime) throws(JobFailure) {
        switch event {
        case .begin(let refusal):
            if let reason = refusal.flatMap({ failure(for: $0) }) { throw reason }
            phase = .queued
        case .admitted: if phase == .queued { findPlace() }
        case .decided(let decision, let task): try decide(decision, newTask: task, now: now)
        case .submitted(let task, let error): try submitted(task, error, now: now)
        case .task(let task, let event): try receive(event, of: task, now: now)
        case .tokens(let task, let tokens):
            guard case .running(let attempt) = phase, attempt.task == task else { return }
            try receive(tokens.map { .token($0) }, of: attempt, now: now)
        case .taskGone(let task, let reason):
            guard case .running(let attempt) = phase, attempt.task == task else { return }
            try lose(attempt, .lost, failure: .instanceLost, reason: reason, now: now)
        case .clusterChanged: if case .waitingForPlace = phase { findPlace() }
        case .deadline: passTime(now: now)
        case .taken(let index): taken(upTo: index)
        case .ended(let failure): throw failure
        }
    }

    mutating func findPlace() {
        phase = .placing
        ask(.findPlace(avoiding: search.avoiding))
    }

    private mutating func passTime(now: MonotonicTime) {
        if let full = fullSince, full.advanced(by: limits.fullTime) <= now, case .running(let attempt) = phase {
            pause(attempt)
        } else if case .waitingForPlace(let retry) = phase, retry <= now {
            findPlace()
        }
    }

    /// The job is over.
    mutating func end(_ end: JobEnd, now: MonotonicTime) {
        if case .running(let attempt) = phase { ask(.release(attempt, index: progress.partCount)) }
        phase = .over
        ask(.unwatchCluster)
        ask(.leaveQueue)
        switch end {
        case .success(let summary):
            record.status = .completed
            record.completionTokens = summary.completionTokens
            record.finishReason = summary.reason
        case .failure(let failure):
            record.status = failure.kind == .cancelled ? .cancelled : .failed
            record.failure = failure.description
            record.completionTokens = submission.plan.isAnswer ? progress.partCount : 0
        }
        record.phases = phaseClock.phases
        endLastTask(record.status, failure: record.failure)
        ask(.finish(end))
    }

    /// Notes how the attempt that is being made ended.
    mutating func endLastTask(_ status: ServingStatus, failure: String?) {
        guard let last = record.tasks.indices.last, !record.tasks[last].status.isFinal else { return }
        record.tasks[last].status = status
        record.tasks[last].failure = failure
    }
}
