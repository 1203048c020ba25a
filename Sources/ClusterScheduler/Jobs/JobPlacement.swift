// SPDX-License-Identifier: Apache-2.0
internal import Policies
internal import ServingModel

/// Step 3 of a job's life: a node for its next task.
extension JobExecutor {
    func decide() -> ClusterManager.Decision {
        dependencies.cluster.place(
            submission.model, tokens: submission.estimatedTokens, avoiding: search.avoiding)
    }

    /// What the client is told where there is no place; nil where there is one.
    func reason(against placement: Placement) -> JobFailure? {
        switch placement {
        case .node: nil
        case .modelNotFound:
            JobFailure(
                .task(.modelNotFound),
                "no node has a model '\(submission.model)': GET /v1/models lists what there is, "
                    + "`deepflow model add` adds one")
        case .noNode:
            JobFailure(.noNode, "no node is connected: start deepflow-noded, then send the request again")
        }
    }

    /// Looks once; afterwards the job runs, waits for a place, or looks again at once.
    func place() async throws(JobFailure) {
        let decision = decide()
        guard case .node(let node) = decision.placement else {
            let reason = reason(against: decision.placement)
            guard decision.isSettling, let reason else { throw reason ?? noRoom }
            return try lookAgain(within: dependencies.patience.missing, else: reason)
        }
        let task = ServingTask(
            id: .random(), job: job.id, model: submission.model, digest: progress.pinnedDigest,
            work: submission.work, delivered: progress.partCount, generated: progress.tokens,
            tenant: submission.principal.tenant)
        let tokens = max(1, submission.estimatedTokens - progress.tokens.count)
        do throws(NodeOrderError) {
            try await dependencies.cluster.submit(task, tokens: tokens, to: node, for: job.channel)
        } catch {
            return try consider(error, of: node)
        }
        begin(task, on: node)
    }

    private func begin(_ task: ServingTask, on node: NodeName) {
        progress.beginAttempt()
        search.found()
        clock.handOver()
        dependencies.cluster.stopWaiting(job.id)
        ending.setTask(task.id, on: node)
        phase = .running(task.id, node)
        let phases = clock.phases
        job.update { record in
            record.status = .starting
            record.phases = phases
            record.tasks.append(TaskRecord(id: task.id, node: node, firstIndex: task.delivered))
            record.tasks[record.tasks.count - 1].status = .starting
        }
    }

    /// A node did not take the task: another one, the same later, or nobody.
    private func consider(_ error: NodeOrderError, of node: NodeName) throws(JobFailure) {
        switch error {
        case .cancelled: throw JobFailure(.cancelled, "the client went away")
        case .unreachable, .malformed:
            if search.avoid(node) { return }
            let reason = JobFailure(.noNode, "node \(node) cannot be reached: \(error)")
            try lookAgain(within: dependencies.patience.missing, else: reason)
        case .refused(status: 404, code: _, message: _):
            if search.avoid(node) { return }
            throw reason(against: .modelNotFound) ?? noRoom
        case .refused(_, code: TaskFailure.modelReplaced.rawValue, let message):
            // Another node may still have the content that the answer began with.
            if search.avoid(node) { return }
            throw JobFailure(.task(.modelReplaced), message)
        case .refused(status: 429, code: _, message: _), .refused(status: 503, code: _, message: _):
            if search.avoid(node) { return }
            try lookAgain(within: dependencies.patience.full, else: noRoom)
        case .refused(_, let code, let message):
            throw JobFailure(.task(TaskFailure(rawValue: code) ?? .internalError), message)
        }
    }

    private var noRoom: JobFailure {
        JobFailure(
            .task(.overloaded), "every node that has '\(submission.model)' is full: send the request again later")
    }

    private func lookAgain(within bound: Duration, else reason: JobFailure) throws(JobFailure) {
        guard let delay = search.nextDelay(within: bound) else { throw reason }
        phase = .waitingForPlace
        dependencies.cluster.wait(job.id, job.channel)
        Task { [channel = job.channel] in
            try? await Task.sleep(for: delay)
            channel.post(.retry)
        }
    }
}
