// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
package import LinuxKernel
package import Messages
internal import ServiceLifecycle
package import ServingModel

/// The scheduler without its front end: jobs come in as calls, answers go out as events.
package struct SchedulerCore: Service {
    package let cluster: ClusterManager
    package let jobs: JobDirectory
    private let history: JobHistory
    private let sockets: AsyncStream<Set<NodeName>>
    private let settings: LiveSettings<SchedulerSettings>
    private let dependencies: JobDriver.Dependencies
    private let startedAt: Double
    /// Where all that happens here takes the time from.
    package let clock: any SchedulerClock
    /// Held as long as this is used.
    private let lock: FileLock?

    /// `settings` are looked at again and again. `sockets` tells which nodes there are; may be read once. `lock` is for the directory of `history`.
    package init(
        settings: LiveSettings<SchedulerSettings>, cluster: ClusterManager, history: JobHistory,
        sockets: AsyncStream<Set<NodeName>>, clock: any SchedulerClock = SystemClock(), lock: FileLock? = nil
    ) {
        self.settings = settings
        self.cluster = cluster
        self.history = history
        self.sockets = sockets
        self.lock = lock
        self.clock = clock
        startedAt = clock.secondsSince1970
        jobs = JobDirectory(clock: clock)
        dependencies = JobDriver.Dependencies(
            cluster: cluster, gate: AdmissionGate(limits: SchedulerConfiguration(settings.current).admission),
            jobs: jobs, records: history,
            timer: DeadlineTimer(clock: clock), makeTaskID: { .random() })
    }

    /// Reloadable settings have new values. What looks at them by itself has them already.
    package func reconfigure(_ settings: SchedulerSettings) {
        dependencies.gate.keep(to: SchedulerConfiguration(settings).admission)
    }

    /// Follows the nodes, keeps the jobs' deadlines and writes records until a graceful shutdown, which must come after
    /// `drain`. Fails with `SchedulerReplaced` where a node says that a later scheduler of the same identity gives the
    /// orders: the jobs have ended then.
    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await cluster.run(sockets: sockets) }
                group.addTask { await dependencies.timer.run() }
                group.addTask { await history.run() }
                group.addTask {
                    guard let node = try? await cluster.untilReplaced() else { return }
                    await jobs.drain(within: .zero)
                    throw SchedulerReplaced(node: node)
                }
                while try await group.next() != nil {}
            }
        }
    }

    /// Takes the jobs of a request, at least one, all of one client. Their records exist from now on; they run by
    /// themselves, and the reader gets their replies. Fails where no jobs are taken any more; every other failure is a
    /// job's own, and the reader's to tell.
    package func submit(
        _ submissions: [JobSubmission], request: RequestID = .random()
    ) throws(JobFailure) -> JobReader {
        let limits = SchedulerConfiguration(settings.current).jobLimits
        let drivers = submissions.map { submission in
            let record = JobRecord(
                id: .random(), request: request, kind: submission.plan.kind, model: submission.model,
                userID: submission.principal.userID, createdAt: dependencies.timer.clock.secondsSince1970)
            return JobDriver(submission, record: record, limits: limits, dependencies: dependencies)
        }
        try jobs.add(drivers)
        let reader = JobReader(drivers, timer: dependencies.timer, limits: limits)
        for driver in drivers {
            history.save(driver.record)
            driver.begin()
        }
        do throws(JobFailure) {
            try dependencies.gate.arrive(drivers.filter { !$0.isOver })
        } catch {
            for driver in drivers { driver.end(error) }
        }
        return reader
    }

    /// No new jobs; those that run may end within the configured time, the rest is ended with `server_restarting`.
    package func drain() async {
        await jobs.drain(within: .seconds(settings.current.drainSeconds))
    }

    /// The newest jobs as they stand now, newest first; of one user or of all.
    package func recentJobs(_ count: Int, userID: UInt32?) async throws(JobHistoryError) -> [JobRecord] {
        try await history.recent(count, userID: userID).map { jobs.find($0.id)?.record ?? $0 }
    }

    /// One job as it stands now.
    package func job(_ id: JobID) async throws(JobHistoryError) -> JobRecord? {
        if let live = jobs.find(id) { return live.record }
        return try await history.find(id)
    }

    package var version: SchedulerVersion {
        SchedulerVersion(version: Release.version, processID: CurrentProcess.id, startedAt: startedAt)
    }

    package var health: SchedulerHealth {
        let waiting = dependencies.gate.waitingCount
        return SchedulerHealth(
            status: jobs.isClosed ? "draining" : "ok", connectedNodes: cluster.connectedNodeNames.count,
            runningJobs: dependencies.gate.runningCount, queuedJobs: waiting, droppedRecords: history.droppedRecords)
    }
}

/// A node obeys a later scheduler of the same identity: this one has stopped.
package struct SchedulerReplaced: Error, Hashable, Sendable, CustomStringConvertible {
    /// The node that said so first.
    package let node: NodeName

    package var description: String {
        "node \(node) obeys a later scheduler with this one's identity: only one may use a state directory or a copy of it"
    }
}
