// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// Serves one job: admission, a place, the task's events in order, another place when one fails, the record.
///
/// Its reader pulls: nothing is asked of the node beyond its window until the reader has taken what came, so a slow
/// reader holds back its own answer and nobody else's. Whoever stops reading must call `close`, or drop the executor.
///
/// The life of a job:
/// 1. The model is looked for: a name that no node knows is refused at once.
/// 2. Admission: it may have to wait for its turn.
/// 3. Placement: a node is chosen and gets a task; where it has no room, another one, or the same a little later.
/// 4. Acceptance by an instance; the client's status line waits for it.
/// 5. Tokens, checked for order, acknowledged as they are read.
/// 6. A loss goes back to 3 with the tokens so far.
/// 7. The end: the record is final, the task is forgotten by the node.
package actor JobExecutor {
    /// What an executor works with.
    struct Dependencies: Sendable {
        let cluster: ClusterManager
        let gate: AdmissionGate
        let jobs: JobDirectory
        let records: any JobRecording
        let patience: PlaceSearch.Patience
    }

    /// For cancellation and listings.
    package nonisolated let job: LiveJob
    let submission: JobSubmission
    let dependencies: Dependencies
    let ending: JobEnding
    var phase = Phase.arriving
    var progress: AnswerProgress
    var clock = PhaseClock()
    var search = PlaceSearch()
    /// Told to the reader at its next call.
    private var lateFailure: JobFailure?

    /// Where the job stands between two calls of its reader.
    enum Phase: Equatable {
        case arriving
        case waitingForTurn
        /// Admitted; looks for a node.
        case placing
        /// Admitted; looks again when something changes.
        case waitingForPlace
        case running(TaskID, NodeName)
        case over
    }

    init(_ submission: JobSubmission, job: LiveJob, dependencies: Dependencies) {
        self.submission = submission
        progress = AnswerProgress(keepsTokens: submission.isAnswer)
        self.job = job
        self.dependencies = dependencies
        ending = JobEnding(job: job, dependencies: dependencies)
    }

    deinit {
        ending.finish(.cancelled, failure: JobFailure(.cancelled, "the client did not read the answer"))
    }

    /// The next events, at least one; none after the end. What came before a failure is given first. Cancelling the
    /// reader's task ends the job.
    package func next() async throws(JobFailure) -> [JobEvent] {
        if let failure = lateFailure.take() { throw failure }
        guard phase != .over else { return [] }
        var events: [JobEvent] = []
        do throws(JobFailure) {
            if phase == .arriving { try arrive() }
            while events.isEmpty {
                if phase == .placing { try await place() }
                if phase == .placing { continue }
                for message in try await wait() { try handle(message, &events) }
            }
        } catch {
            fail(error)
            guard !events.isEmpty else { throw error }
            lateFailure = error
        }
        return events
    }

    /// The reader stops: what still runs is ended.
    package func close() {
        if phase != .over { fail(JobFailure(.cancelled, "the client went away")) }
    }

    private func arrive() throws(JobFailure) {
        let decision = decide()
        if let reason = reason(against: decision.placement), !decision.isSettling { throw reason }
        phase = .waitingForTurn
        try dependencies.gate.arrive(job.id, of: submission.principal.tenant.text, job.channel)
    }

    private func wait() async throws(JobFailure) -> [JobMessage] {
        job.setWaiting(true)
        defer { job.setWaiting(false) }
        do {
            return try await job.channel.take()
        } catch {
            throw JobFailure(.cancelled, "the client went away")
        }
    }

    private func handle(_ message: JobMessage, _ events: inout [JobEvent]) throws(JobFailure) {
        switch message {
        case .admitted: if phase == .waitingForTurn { phase = .placing }
        case .clusterChanged, .retry: if phase == .waitingForPlace { phase = .placing }
        case .task(let task, let event):
            guard case .running(task, let node) = phase else { return }
            try act(on: progress.receive(event), of: task, on: node, &events)
        case .taskGone(let task, let reason):
            guard case .running(task, let node) = phase else { return }
            try act(on: progress.lose(reason), of: task, on: node, &events)
        case .flooded:
            throw JobFailure(.task(.internalError), "the node sent more than it was asked for: see its journal")
        case .tick:
            if phase == .waitingForPlace { phase = .placing }
            events.append(.waiting)
        case .ended(let failure): throw failure
        }
    }

    func fail(_ failure: JobFailure) {
        phase = .over
        let completionTokens = progress.tokens.count
        job.update { $0.completionTokens = completionTokens }
        let status: ServingStatus = failure.kind == .cancelled ? .cancelled : .failed
        ending.finish(status, failure: failure)
    }
}
