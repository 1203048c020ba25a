// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Policies
internal import ServingModel

/// Step 3 of a job's life: a node for its next task.
extension JobMachine {
    /// What the client is told where there is no place; nil where there is one.
    func failure(for decision: PlacementDecision) -> JobFailure? {
        switch decision {
        case .place: nil
        case .modelNotFound:
            JobFailure(
                .task(.modelNotFound),
                "no node has a model '\(submission.model)': GET /v1/models lists what there is, "
                    + "`deepflow model add` adds one")
        case .noNode:
            JobFailure(.noNode, "no node is connected: start deepflow-noded, then send the request again")
        }
    }

    /// A node was chosen, or there is none.
    mutating func decide(_ decision: ClusterDecision, newTask: TaskID, now: MonotonicTime) throws(JobFailure) {
        guard phase == .placing else { return }
        guard case .place(let placement) = decision.decision else {
            let reason = failure(for: decision.decision) ?? noRoom
            guard decision.isSettling else { throw reason }
            return try lookAgain(within: limits.missing, else: reason, now: now)
        }
        let sender = submission.principal
        let task = ServingTask(
            id: newTask, job: record.id, model: submission.model, digest: progress.pinnedDigest,
            work: submission.plan.work, delivered: progress.partCount, generated: progress.tokens,
            tenant: sender.tenant, tenantWeight: sender.weight, serviceClass: sender.serviceClass, mode: placement.mode)
        progress.beginAttempt()
        phase = .running(Attempt(task: newTask, node: placement.node))
        record.tasks.append(TaskRecord(id: newTask, node: placement.node, firstIndex: task.delivered))
        ask(.unwatchCluster)
        ask(
            .submit(
                task, tokens: max(1, submission.plan.estimatedTokens - progress.tokens.count), to: placement.node))
    }

    /// The node took the task, or did not.
    mutating func submitted(_ task: TaskID, _ error: NodeRequestError?, now: MonotonicTime) throws(JobFailure) {
        guard case .running(let attempt) = phase, attempt.task == task else { return }
        if let error {
            phase = .placing
            // The attempt was none.
            if record.tasks.last?.id == task { record.tasks.removeLast() }
            return try consider(error, of: attempt.node, now: now)
        }
        search.found()
        phaseClock.handOver(now: now)
        record.phases = phaseClock.phases
        guard let last = record.tasks.indices.last, record.tasks[last].status == .queued else { return }
        record.tasks[last].status = .starting
        record.status = .starting
    }

    /// A node did not take the task: another one, the same later, or nobody.
    private mutating func consider(
        _ error: NodeRequestError, of node: NodeName, now: MonotonicTime
    ) throws(JobFailure) {
        switch error {
        case .cancelled: throw JobFailure.restarting
        case .unreachable, .malformed:
            if search.avoid(node) { return findPlace() }
            let reason = JobFailure(.noNode, "node \(node) cannot be reached: \(error)")
            try lookAgain(within: limits.missing, else: reason, now: now)
        case .refused(status: 404, code: _, message: _):
            if search.avoid(node) { return findPlace() }
            throw failure(for: .modelNotFound) ?? noRoom
        case .refused(_, code: TaskFailure.modelReplaced.rawValue, let message):
            // Another node may still have the content that the answer began with.
            if search.avoid(node) { return findPlace() }
            throw JobFailure(.task(.modelReplaced), message)
        case .refused(status: 429, code: _, message: _), .refused(status: 503, code: _, message: _):
            try waitForRoom(avoiding: node, now: now)
        case .refused(_, let code, let message):
            throw JobFailure(.task(TaskFailure(rawValue: code) ?? .internalError), message)
        }
    }

    /// A node has no room: another one, or the same later.
    mutating func waitForRoom(avoiding node: NodeName, now: MonotonicTime) throws(JobFailure) {
        if search.avoid(node) { return findPlace() }
        try lookAgain(within: limits.full, else: noRoom, now: now)
    }

    private var noRoom: JobFailure {
        JobFailure(
            .task(.overloaded), "every node that has '\(submission.model)' is full: send the request again later")
    }

    private mutating func lookAgain(
        within bound: Duration, else reason: JobFailure, now: MonotonicTime
    ) throws(JobFailure) {
        guard let delay = search.nextDelay(within: bound, now: now) else { throw reason }
        waitForPlace(now.advanced(by: delay))
    }

    /// The next look is when the cluster changes, or at `retry`.
    mutating func waitForPlace(_ retry: MonotonicTime) {
        phase = .waitingForPlace(retry: retry)
        ask(.watchCluster)
    }
}
