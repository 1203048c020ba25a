// SPDX-License-Identifier: Apache-2.0
package import Policies

/// What an administrator decides about a scheduler.
package struct SchedulerConfiguration: Hashable, Sendable {
    /// Holds `api.sock`, `admin.sock` and `nodes/`.
    package var runtimeDirectory: String
    /// Holds `scheduler/state.sqlite`.
    package var stateDirectory: String
    /// How long running answers may go on after the order to stop.
    package var drainSeconds: Int
    /// How long a node may be away before its tasks are placed elsewhere.
    package var nodeGraceSeconds: Int
    /// How long a request waits for a node that is away or a model that is missing while one is.
    package var missingSeconds: Int
    /// How long a request waits while all nodes are full.
    package var fullSeconds: Int
    /// After this a reader that takes nothing is given up.
    package var stallSeconds: Int
    /// How often running jobs look whether their readers live; also the pace of signs of life on a silent stream.
    package var tickInterval: Duration
    package var admission: AdmissionQueue.Limits
    package var records: JobStore.Limits

    package init(runtimeDirectory: String, stateDirectory: String, drainSeconds: Int = 30) {
        self.runtimeDirectory = runtimeDirectory
        self.stateDirectory = stateDirectory
        self.drainSeconds = drainSeconds
        nodeGraceSeconds = 15
        missingSeconds = 5
        fullSeconds = 60
        stallSeconds = 60
        tickInterval = .seconds(5)
        admission = AdmissionQueue.Limits()
        records = JobStore.Limits()
    }

    package var nodesDirectory: String { runtimeDirectory + "/nodes" }
    package var apiSocket: String { runtimeDirectory + "/api.sock" }
    package var adminSocket: String { runtimeDirectory + "/admin.sock" }
    package var storeDirectory: String { stateDirectory + "/scheduler" }
    package var storePath: String { storeDirectory + "/state.sqlite" }
}
