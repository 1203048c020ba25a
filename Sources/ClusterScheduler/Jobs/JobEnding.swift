// SPDX-License-Identifier: Apache-2.0
internal import ServingModel
internal import Synchronization

/// What must happen exactly once when a job is over, whoever notices it first: the node forgets the task or stops it,
/// the next job gets the place, the record becomes final.
final class JobEnding: Sendable {
    private struct State {
        var isOver = false
        var task: TaskID?
        var node: NodeName?
    }

    private let job: LiveJob
    private let dependencies: JobExecutor.Dependencies
    private let state = Mutex(State())

    init(job: LiveJob, dependencies: JobExecutor.Dependencies) {
        self.job = job
        self.dependencies = dependencies
    }

    /// A task runs for the job; nil once it is known to be over.
    func setTask(_ task: TaskID?, on node: NodeName?) {
        state.withLock { state in
            state.task = task
            state.node = node
        }
    }

    /// Ends the job with its record as it stands and what is given here.
    func finish(_ status: ServingStatus, failure: JobFailure? = nil) {
        let last = state.withLock { state -> State? in
            guard !state.isOver else { return nil }
            state.isOver = true
            return state
        }
        guard let last else { return }
        if let task = last.task, let node = last.node {
            dependencies.cluster.release(task, on: node, index: job.record.completionTokens)
        }
        dependencies.cluster.stopWaiting(job.id)
        dependencies.gate.leave(job.id)
        job.update { record in
            record.status = status
            record.failure = failure?.description
            record.finishedAt = WallClock.now
            if let index = record.tasks.indices.last, !record.tasks[index].status.isFinal {
                record.tasks[index].status = status
                record.tasks[index].failure = failure?.description
            }
        }
        dependencies.records.save(job.record)
        dependencies.jobs.remove(job.id)
    }
}
