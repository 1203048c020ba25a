// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
package import ServingModel
internal import Synchronization

/// One job on its way: takes what happens to it, has `JobMachine` decide, and does what that says. It needs no reader to
/// go on and no task of its own: whoever brings an event carries it out, one event at a time in the order of arrival.
///
/// It lives in the `JobDirectory` until the job is over and its readers know the end.
package final class JobDriver: Sendable {
    /// What jobs work with.
    struct Dependencies: Sendable {
        let cluster: any TaskPlacing
        let gate: AdmissionGate
        let jobs: JobDirectory
        let records: any JobRecording
        let timer: DeadlineTimer
        /// Ids of new tasks.
        let makeTaskID: @Sendable () -> TaskID
    }

    private struct State {
        var machine: JobMachine
        /// What happened and was not taken in.
        var events: [JobMachine.Event] = []
        /// Somebody carries events out, and will carry out what is added.
        var isBusy = false
        var deadline: MonotonicTime?
    }

    package let id: JobID
    package let request: RequestID
    /// Who asked for it.
    let sender: Principal
    let whenUnread: UnreadReply
    let output = JobOutput()
    private let dependencies: Dependencies
    private let state: Mutex<State>

    init(_ submission: JobSubmission, record: JobRecord, limits: JobLimits, dependencies: Dependencies) {
        id = record.id
        request = record.request
        sender = submission.principal
        whenUnread = submission.plan.whenUnread
        self.dependencies = dependencies
        state = Mutex(
            State(
                machine: JobMachine(
                    submission, record: record, limits: limits, now: dependencies.timer.clock.now)))
    }

    /// How the job stands now.
    package var record: JobRecord { state.withLock { $0.machine.record } }

    /// Nothing more will happen to it.
    var isOver: Bool { state.withLock { $0.machine.phase == .over } }

    /// Ends the job, whatever it is at; its readers get `failure`. One that is over stays as it is.
    package func end(_ failure: JobFailure) { handle(.ended(failure)) }

    /// Looks for the model; afterwards the job is over or waits for its turn.
    func begin() { handle(.begin(refusal: dependencies.cluster.refusal(of: record.model))) }

    func admitted() { handle(.admitted) }

    /// All readers have the parts below `index`.
    func partsTaken(upTo index: Int) { handle(.taken(upTo: index)) }

    /// A reader has left, `remaining` are still there.
    func readerLeft(remaining: Int) {
        guard remaining == 0 else { return }
        if output.isRead {
            dependencies.jobs.remove(id)
        } else if whenUnread == .cancel {
            end(JobFailure(.cancelled, "the client did not read the answer to its end"))
        }
    }

    /// Takes an event in. Effects may lead to further events; they are carried out after this one, by whoever is busy.
    private func handle(_ event: JobMachine.Event) {
        let mustWork = state.withLock { state in
            state.events.append(event)
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard mustWork else { return }
        while let effects = nextEffects() {
            for effect in effects { perform(effect) }
        }
    }

    /// What the next event asks for; nil where there is none, which ends the work.
    private func nextEffects() -> [JobMachine.Effect]? {
        let now = dependencies.timer.clock.now
        let (effects, deadline) = state.withLock { state -> ([JobMachine.Effect]?, MonotonicTime??) in
            guard !state.events.isEmpty else {
                state.isBusy = false
                return (nil, nil)
            }
            let effects = state.machine.handle(state.events.removeFirst(), now: now)
            guard state.deadline != state.machine.deadline else { return (effects, nil) }
            state.deadline = state.machine.deadline
            return (effects, .some(state.deadline))
        }
        if let deadline { dependencies.timer.set(deadline, for: self) }
        return effects
    }

    private func perform(_ effect: JobMachine.Effect) {
        let cluster = dependencies.cluster
        switch effect {
        case .rejoinQueue: dependencies.gate.rejoin(self)
        case .leaveQueue: dependencies.gate.leave(self)
        case .findPlace(let avoiding): findPlace(avoiding: avoiding)
        case .submit(let task, let tokens, let node): cluster.submit(task, tokens: tokens, to: node, for: self)
        case .acknowledge(let attempt, let index):
            cluster.acknowledge(attempt.task, on: attempt.node, index: index)
        case .askAgain(let attempt, let index): cluster.askAgain(attempt.task, on: attempt.node, from: index)
        case .release(let attempt, let index): cluster.release(attempt.task, on: attempt.node, index: index)
        case .watchCluster: cluster.watch(self)
        case .unwatchCluster: cluster.unwatch(self)
        case .accept(let promptTokens): output.accept(promptTokens: promptTokens)
        case .append(let parts): output.append(parts)
        case .finish(let end): finish(end)
        }
    }

    private func findPlace(avoiding: Set<NodeName>) {
        let (model, tokens) = state.withLock { state in
            (state.machine.submission.model, state.machine.submission.plan.estimatedTokens)
        }
        let decision = dependencies.cluster.decide(model, tokens: tokens, avoiding: avoiding)
        handle(.decided(decision, newTask: dependencies.makeTaskID()))
    }

    private func finish(_ end: JobEnd) {
        let record = state.withLock { state in
            state.machine.record.finishedAt = dependencies.timer.clock.secondsSince1970
            return state.machine.record
        }
        dependencies.records.save(record)
        output.finish(end)
        if output.isRead { dependencies.jobs.remove(id) }
    }
}

extension JobDriver: TaskListener, ClusterWatcher, DeadlineTarget {
    func submissionEnded(_ task: TaskID, _ error: NodeRequestError?) { handle(.submitted(task, error)) }
    func receive(_ task: TaskID, _ event: TaskEvent) { handle(.task(task, event)) }
    func receive(_ task: TaskID, tokens: [GeneratedToken]) { handle(.tokens(task, tokens)) }
    func taskGone(_ task: TaskID, reason: String) { handle(.taskGone(task, reason: reason)) }
    func clusterChanged() { handle(.clusterChanged) }

    func deadlineReached(now: MonotonicTime) {
        state.withLock { $0.deadline = nil }
        handle(.deadline)
    }
}
