// SPDX-License-Identifier: Apache-2.0

/// Which scheduler is answering.
package struct SchedulerVersion: Hashable, Sendable, Codable {
    package var version: String
    package var processID: Int32
    /// Seconds since 1970.
    package var startedAt: Double

    package init(version: String, processID: Int32, startedAt: Double) {
        self.version = version
        self.processID = processID
        self.startedAt = startedAt
    }
}

/// The scheduler's state in a few numbers.
package struct SchedulerHealth: Hashable, Sendable, Codable {
    /// `ok`, or `draining` once it was told to stop.
    package var status: String
    package var connectedNodes: Int
    package var runningJobs: Int
    package var queuedJobs: Int
    /// Job records that could not be written since the start (full disk, locked database); answers do not suffer.
    package var droppedRecords: Int

    package init(status: String, connectedNodes: Int, runningJobs: Int, queuedJobs: Int, droppedRecords: Int) {
        self.status = status
        self.connectedNodes = connectedNodes
        self.runningJobs = runningJobs
        self.queuedJobs = queuedJobs
        self.droppedRecords = droppedRecords
    }
}
