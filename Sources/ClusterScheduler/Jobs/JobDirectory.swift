// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
package import ServingModel
internal import Synchronization

/// All jobs that are not over, and the one clock that ticks for them. Nothing ticks while there are none.
package final class JobDirectory: Sendable {
    private struct State {
        var jobs: [JobID: LiveJob] = [:]
        /// Set once no new jobs are wanted.
        var isClosed = false
    }

    private let state = Mutex(State())
    private let arrivals = BoundedChannel<Void>(limit: 1)
    private let departures = BoundedChannel<Void>(limit: 1)
    private let settings: LiveSettings<SchedulerSettings>

    init(settings: LiveSettings<SchedulerSettings>) {
        self.settings = settings
    }

    package func find(_ id: JobID) -> LiveJob? { state.withLock { $0.jobs[id] } }
    package var all: [LiveJob] { state.withLock { Array($0.jobs.values) } }
    package var count: Int { state.withLock { $0.jobs.count } }
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Adds a job; fails once the directory is closed.
    func add(_ job: LiveJob) throws(JobFailure) {
        let isAdded = state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs[job.id] = job
            return true
        }
        guard isAdded else { throw Self.restarting }
        arrivals.post(())
    }

    func remove(_ id: JobID) {
        let isEmpty = state.withLock { state in
            state.jobs[id] = nil
            return state.jobs.isEmpty
        }
        if isEmpty { departures.post(()) }
    }

    /// No job may begin any more; those that are not over after `bound` are ended.
    func drain(within bound: Duration) async {
        state.withLock { $0.isClosed = true }
        let deadline = ContinuousClock.now.advanced(by: bound)
        while count > 0, .now < deadline {
            guard (try? await departures.take(within: ContinuousClock.now.duration(to: deadline))) != nil else { break }
        }
        for job in all { job.end(Self.restarting) }
    }

    static let restarting = JobFailure(.serverRestarting, "the scheduler is restarting: send the request again")

    /// Ticks for the jobs there are, until the task is cancelled.
    func run() async {
        while (try? await arrivals.take()) != nil {
            while count > 0 {
                guard (try? await Task.sleep(for: settings.current.tickInterval)) != nil else { return }
                for job in all { job.tick(stallSeconds: settings.current.stallSeconds) }
            }
        }
    }
}
