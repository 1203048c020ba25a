// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
package import Policies

/// What a scheduler is told: the administrator's settings, under their own names, and what follows from them.
@dynamicMemberLookup
package struct SchedulerConfiguration: Hashable, Sendable {
    /// What the administrator decided.
    package var settings: SchedulerSettings

    package init(_ settings: SchedulerSettings) {
        self.settings = settings
    }

    /// The defaults, in other directories.
    package init(runtimeDirectory: String, stateDirectory: String, drainSeconds: Int = 30) {
        settings = SchedulerSettings()
        settings.directories.runtimeDirectory = runtimeDirectory
        settings.directories.stateDirectory = stateDirectory
        settings.drainSeconds = drainSeconds
    }

    /// A setting under its own name.
    package subscript<Value>(dynamicMember setting: WritableKeyPath<SchedulerSettings, Value>) -> Value {
        get { settings[keyPath: setting] }
        set { settings[keyPath: setting] = newValue }
    }

    /// Holds `api.sock`, `admin.sock` and `nodes/`.
    package var runtimeDirectory: String { settings.directories.runtimeDirectory }
    /// Holds `scheduler/state.sqlite`.
    package var stateDirectory: String { settings.directories.stateDirectory }
    /// Holds a socket for each node.
    package var nodesDirectory: String { runtimeDirectory + "/nodes" }
    /// Where clients connect.
    package var apiSocket: String { runtimeDirectory + "/api.sock" }
    /// Where administrators connect.
    package var adminSocket: String { runtimeDirectory + "/admin.sock" }
    /// Holds the records, for one scheduler alone.
    package var storeDirectory: String { stateDirectory + "/scheduler" }
    /// The history of jobs.
    package var historyPath: String { storeDirectory + "/state.sqlite" }
    /// The scheduler's identity and the number of its life.
    package var identityPath: String { storeDirectory + "/identity" }

    /// How many jobs may run and wait.
    package var admission: AdmissionQueue.Limits {
        AdmissionQueue.Limits(
            running: settings.runningJobs, waiting: settings.waitingJobs,
            waitingPerTenant: settings.waitingJobsPerTenant)
    }

    /// What jobs are driven within.
    var jobLimits: JobLimits {
        var limits = JobLimits()
        limits.missing = .seconds(settings.missingSeconds)
        limits.full = .seconds(settings.fullSeconds)
        limits.losses = .seconds(settings.lossSeconds)
        limits.crashes = settings.crashes
        limits.stall = .seconds(settings.stallSeconds)
        limits.quiet = settings.tickInterval
        limits.fullParts = settings.unreadTokens
        limits.fullTime = settings.unreadTime
        return limits
    }

    /// What connections to nodes are kept within.
    package var nodeLimits: NodeLimits {
        NodeLimits(grace: .seconds(settings.nodeGraceSeconds), longestRetry: settings.nodeRetryInterval)
    }

    /// How many records are kept and wait for the disk.
    package var records: JobHistory.Limits {
        JobHistory.Limits(jobs: settings.recordedJobs, pending: settings.pendingRecords)
    }
}
