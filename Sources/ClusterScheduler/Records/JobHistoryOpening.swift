// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import GRDB
internal import Glibc
internal import LinuxKernel
package import Logging
internal import ServingModel
internal import SystemdIntegration

extension JobHistory {
    /// Opens, or makes, the store at `path` (mode 0600), brings its tables up to date, and marks the jobs that an
    /// earlier scheduler left unfinished as failed.
    ///
    /// A file that is no database, or a damaged one, is moved aside and a new one begun: the records in it are history,
    /// and the scheduler must start.
    package static func open(
        at path: String, limits: Limits = Limits(), logger: Logger
    ) throws(JobHistoryError) -> JobHistory {
        do {
            return JobHistory(database: try connect(path, logger), limits: limits, logger: logger)
        } catch let error as DatabaseError where isDamage(error) {
            let aside = path + ".damaged-\(Int(WallClock.now))"
            logger.error(
                "the history of jobs is damaged: moved aside, a new one is begun",
                metadata: .about(
                    [:], kind: .jobStoreDamaged, ["path": "\(path)", "moved-to": "\(aside)", "error": "\(error)"]))
            guard rename(path, aside) == 0 else {
                throw .cannotOpen(path: path, reason: "it is damaged and cannot be moved to \(aside)")
            }
            unlink(path + "-wal")
            unlink(path + "-shm")
        } catch {
            throw .cannotOpen(path: path, reason: "\(error)")
        }
        do {
            return JobHistory(database: try connect(path, logger), limits: limits, logger: logger)
        } catch {
            throw .cannotOpen(path: path, reason: "\(error)")
        }
    }

    /// A store that ends with the process, for where nothing can be written.
    static func inMemory(limits: Limits, logger: Logger) throws(JobHistoryError) -> JobHistory {
        do {
            let database = try DatabaseQueue()
            try JobSchema.migrator.migrate(database)
            return JobHistory(database: database, limits: limits, logger: logger)
        } catch {
            throw .cannotOpen(path: "in memory", reason: "\(error)")
        }
    }

    private static func isDamage(_ error: DatabaseError) -> Bool {
        [ResultCode.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode.primaryResultCode)
    }

    private static func connect(_ path: String, _ logger: Logger) throws -> DatabasePool {
        // SQLite gives its side files the mode of the main one. Set apart from the making, whatever the umask is.
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        try systemCall("fchmod", path) { fchmod(file.rawValue, 0o600) }
        var configuration = Configuration()
        configuration.busyMode = .timeout(2)
        configuration.maximumReaderCount = 2
        configuration.label = "deepflow.jobs"
        // Any other class asks for a better nice value than a service has, which libdispatch complains of.
        configuration.qos = .default
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try JobSchema.migrator.migrate(pool)
        let abandoned = try pool.write { try JobRows.failUnfinished(JobFailure.restarting, in: $0) }
        if abandoned > 0 {
            logger.notice("marked jobs of an earlier run as failed", metadata: ["jobs": "\(abandoned)"])
        }
        return pool
    }
}
