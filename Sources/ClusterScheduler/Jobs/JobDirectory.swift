// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
package import ServingModel
internal import Synchronization

/// All jobs that are not over, or whose end was not read.
package final class JobDirectory: Sendable {
    private struct State {
        var jobs: [JobID: JobDriver] = [:]
        /// Set once no new jobs are wanted.
        var isClosed = false
    }

    private let state = Mutex(State())
    private let departures = BoundedChannel<Void>(limit: 1)
    private let clock: any SchedulerClock

    init(clock: any SchedulerClock) {
        self.clock = clock
    }

    /// The job of that id; nil where it is over and read, or never was.
    package func find(_ id: JobID) -> JobDriver? { state.withLock { $0.jobs[id] } }
    package var all: [JobDriver] { state.withLock { Array($0.jobs.values) } }
    package var count: Int { state.withLock { $0.jobs.count } }
    /// No new jobs are taken.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Adds the jobs of a request; fails once the directory is closed.
    func add(_ jobs: [JobDriver]) throws(JobFailure) {
        let isAdded = state.withLock { state in
            guard !state.isClosed else { return false }
            for job in jobs { state.jobs[job.id] = job }
            return true
        }
        guard isAdded else { throw .restarting }
    }

    func remove(_ id: JobID) {
        let isEmpty = state.withLock { state in
            state.jobs[id] = nil
            return state.jobs.isEmpty
        }
        if isEmpty { departures.send(()) }
    }

    /// No job may begin any more; those that are not over after `bound` are ended.
    func drain(within bound: Duration) async {
        state.withLock { $0.isClosed = true }
        let deadline = clock.now.advanced(by: bound)
        while count > 0, clock.now < deadline {
            guard (try? await departures.receive(until: deadline, on: clock)) != nil else { break }
        }
        for job in all { job.end(.restarting) }
    }
}
