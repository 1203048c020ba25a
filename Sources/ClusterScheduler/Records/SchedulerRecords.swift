// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Logging
internal import ServingModel

/// The history of a scheduler that starts, and the right to write to it.
struct SchedulerRecords {
    let history: JobHistory
    /// nil where the records are in memory: then there is nothing that two could share.
    let lock: FileLock?
    /// In whose name orders are given.
    let identity: SchedulerIdentity

    /// Opens the history of the configured state directory, which is this process's alone from then on. Where nothing can
    /// be written there (read-only, full, broken) says so once and keeps records in memory: answers matter more.
    static func open(
        _ configuration: SchedulerConfiguration, logger: Logger
    ) throws(SchedulerStartError) -> SchedulerRecords {
        let lock: FileLock?
        do throws(SystemCallError) {
            try DirectoryPath.make(configuration.stateDirectory, mode: 0o755)
            try DirectoryPath.make(configuration.storeDirectory, mode: 0o700)
            // A second scheduler would take the running jobs of the first for abandoned ones.
            lock = try FileLock.acquire(
                configuration.storeDirectory + "/scheduler.lock", milliseconds: FileLock.successionMilliseconds)
        } catch {
            guard unwritable.contains(error.code) else {
                throw .directory(path: configuration.stateDirectory, reason: error.description)
            }
            return try inMemory(configuration, reason: error.description, logger)
        }
        guard let lock else { throw .stateInUse(directory: configuration.stateDirectory) }
        do {
            let identity = try SchedulerIdentityFile(path: configuration.identityPath).raiseEpoch()
            let history = try JobHistory.open(
                at: configuration.historyPath, limits: configuration.records, logger: logger)
            return SchedulerRecords(history: history, lock: lock, identity: identity)
        } catch {
            return try inMemory(configuration, reason: "\(error)", logger)
        }
    }

    /// What a disk says that takes nothing; anything else is a wrong path.
    private static let unwritable: Set<CInt> = [EROFS, EACCES, EPERM, ENOSPC, EDQUOT, EIO]

    /// Memory holds fewer jobs than a disk.
    private static let jobsInMemory = 10_000

    private static func inMemory(
        _ configuration: SchedulerConfiguration, reason: String, _ logger: Logger
    ) throws(SchedulerStartError) -> SchedulerRecords {
        logger.warning(
            "job records are kept in memory only and end with this process: the state directory cannot be written",
            metadata: ["path": "\(configuration.stateDirectory)", "error": "\(reason)"])
        var limits = configuration.records
        limits.jobs = min(limits.jobs, jobsInMemory)
        do {
            // An identity that cannot be kept is made for this life alone: nodes take it for another scheduler.
            return SchedulerRecords(
                history: try JobHistory.inMemory(limits: limits, logger: logger), lock: nil,
                identity: SchedulerIdentity(id: .random(), epoch: 1))
        } catch {
            throw .history(error)
        }
    }
}
