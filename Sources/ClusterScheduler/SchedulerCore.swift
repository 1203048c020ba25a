// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import LinuxKernel
package import Messages
internal import ServiceLifecycle
package import ServingModel

/// The scheduler without its front end: jobs come in as calls, answers go out as events.
package struct SchedulerCore: Service {
    package let cluster: ClusterManager
    package let jobs: JobDirectory
    private let store: JobStore
    private let sockets: AsyncStream<Set<NodeName>>
    private let gate: AdmissionGate
    private let settings: LiveSettings<SchedulerSettings>
    private let startedAt = WallClock.now
    /// Held as long as this is used.
    private let lock: StateDirectoryLock?

    /// `settings` are looked at again and again. `sockets` tells which nodes there are; may be read once. `lock` is for the directory of `store`.
    package init(
        settings: LiveSettings<SchedulerSettings>, cluster: ClusterManager, store: JobStore,
        sockets: AsyncStream<Set<NodeName>>, lock: StateDirectoryLock? = nil
    ) {
        self.settings = settings
        self.cluster = cluster
        self.store = store
        self.sockets = sockets
        self.lock = lock
        gate = AdmissionGate(limits: SchedulerConfiguration(settings.current).admission)
        jobs = JobDirectory(settings: settings)
    }

    /// Reloadable settings have new values. What looks at them by itself has them already.
    package func reconfigure(_ settings: SchedulerSettings) {
        gate.keep(to: SchedulerConfiguration(settings).admission)
    }

    /// Follows the nodes, ticks for jobs and writes records until a graceful shutdown, which must come after `drain`.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await cluster.run(sockets: sockets) }
                group.addTask { await jobs.run() }
                group.addTask { await store.run() }
                await group.waitForAll()
            }
        }
    }

    /// Takes a job. Its record exists from now on; its answer comes from the executor.
    package func submit(_ submission: JobSubmission) throws(JobFailure) -> JobExecutor {
        let record = JobRecord(
            id: .random(), request: submission.request ?? .random(), kind: submission.kind, model: submission.model,
            userID: submission.principal.userID, createdAt: WallClock.now)
        let job = LiveJob(record)
        try jobs.add(job)
        store.save(record)
        let patience = PlaceSearch.Patience(
            missing: .seconds(settings.current.missingSeconds), full: .seconds(settings.current.fullSeconds))
        return JobExecutor(
            submission, job: job,
            dependencies: JobExecutor.Dependencies(
                cluster: cluster, gate: gate, jobs: jobs, records: store, patience: patience))
    }

    /// No new jobs; those that run may end within the configured time, the rest is ended with `server_restarting`.
    package func drain() async {
        await jobs.drain(within: .seconds(settings.current.drainSeconds))
    }

    /// The newest jobs as they stand now, newest first; of one user or of all.
    package func recentJobs(_ count: Int, userID: UInt32?) async throws(JobStoreError) -> [JobRecord] {
        try await store.recent(count, userID: userID).map { jobs.find($0.id)?.record ?? $0 }
    }

    /// One job as it stands now.
    package func job(_ id: JobID) async throws(JobStoreError) -> JobRecord? {
        if let live = jobs.find(id) { return live.record }
        return try await store.find(id)
    }

    package var version: SchedulerVersion {
        SchedulerVersion(version: Release.version, processID: CurrentProcess.id, startedAt: startedAt)
    }

    package var health: SchedulerHealth {
        let waiting = gate.waitingCount
        return SchedulerHealth(
            status: jobs.isClosed ? "draining" : "ok", connectedNodes: cluster.connectedNodeNames.count,
            runningJobs: max(0, jobs.count - waiting), queuedJobs: waiting, droppedRecords: store.droppedRecords)
    }
}
