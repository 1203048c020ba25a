// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import Glibc
internal import Logging
package import ServingModel
internal import Synchronization
internal import SystemdIntegration

/// What became of interactive jobs, in `state.sqlite`: written in groups by one task, behind the answers' backs.
///
/// It is history and nothing else. Its records are worth less than answers: what cannot be written (full disk, locked
/// database) is logged, counted and dropped; a file that is damaged is moved aside; a job that was not over when its
/// scheduler ended is marked as failed, since its client went with the connection. Whatever must survive its scheduler
/// (batches, responses, fine-tuning) must not lie here: it belongs in a store of its own that is never moved aside, commits
/// before it answers, and goes on where it stood. Reads see what was saved before them.
package final class JobHistory: JobRecording {
    private struct Pending {
        /// Newest record of each job that is not written yet.
        var records: [JobID: JobRecord] = [:]
        var dropped = 0
        /// Written since the oldest were last looked for.
        var untrimmed = 0
        var hasTrouble = false
    }

    /// Bounds of the store.
    package struct Limits: Hashable, Sendable {
        /// Jobs that are kept; the oldest go first.
        package var jobs: Int
        /// Records that wait for the disk; more are dropped.
        package var pending: Int

        package init(jobs: Int = 100_000, pending: Int = 8192) {
            self.jobs = jobs
            self.pending = pending
        }
    }

    /// How long records are gathered into one transaction.
    private static let gathering = Duration.milliseconds(20)

    private let database: any DatabaseWriter
    private let limits: Limits
    private let logger: Logger
    private let pending = Mutex(Pending())
    /// The newest of a chain of writes, each of which waits for the one before.
    private let lastWriting = Mutex<Task<Void, Never>?>(nil)
    private let arrivals = BoundedChannel<Void>(limit: 1)

    init(database: any DatabaseWriter, limits: Limits, logger: Logger) {
        self.database = database
        self.limits = limits
        self.logger = logger
    }

    /// Records that were dropped since the start.
    package var droppedRecords: Int { pending.withLock { $0.dropped } }

    package func save(_ record: JobRecord) {
        let isKept = pending.withLock { pending in
            guard pending.records.count < limits.pending || pending.records[record.id] != nil else {
                pending.dropped += 1
                return false
            }
            pending.records[record.id] = record
            return true
        }
        if isKept { arrivals.send(()) }
        if record.status.isFinal { logEnd(of: record) }
    }

    /// What the log tells of every request: names and figures. Why one failed is in its record alone, since a model's
    /// template may quote the prompt in its complaint.
    private func logEnd(of record: JobRecord) {
        let task = record.tasks.last
        logger.info(
            "a job ended",
            metadata: .about(
                [
                    .request: record.request, .job: record.id, .task: task?.id, .model: record.model,
                    .node: task?.node, .instance: task?.instance, .tenant: "uid:\(record.userID)",
                ], kind: .jobEnded,
                [
                    "status": "\(record.status.rawValue)", "kind": "\(record.kind.rawValue)",
                    "prompt_tokens": "\(record.promptTokens ?? 0)", "answer_tokens": "\(record.completionTokens)",
                ]))
    }

    /// Writes what is saved, group by group, until the task is cancelled; then the last group.
    package func run() async {
        while (try? await arrivals.receive()) != nil {
            try? await Task.sleep(for: Self.gathering)
            await flush()
        }
        await flush()
    }

    /// Writes all that is pending in one transaction; what an earlier call is writing is written when this one returns.
    package func flush() async {
        // A cancelled task's writes are cancelled too, and the records with them: another task writes.
        let writing = lastWriting.withLock { last in
            let writing = Task { [earlier = last] in
                await earlier?.value
                await self.writePending()
            }
            last = writing
            return writing
        }
        await writing.value
    }

    /// Errors are logged once until a write succeeds again.
    private func writePending() async {
        // Counting all rows costs more than writing a few: the bound may be passed by a hundredth.
        let (records, isTrimDue) = pending.withLock { pending in
            let records = Array(pending.records.values)
            pending.records = [:]
            pending.untrimmed += records.count
            let isTrimDue = pending.untrimmed > limits.jobs / 100
            if isTrimDue { pending.untrimmed = 0 }
            return (records, isTrimDue)
        }
        guard !records.isEmpty else { return }
        do {
            try await database.write { [limits] database in
                for record in records { try JobRows.write(record, to: database) }
                if isTrimDue { try JobRows.trim(to: limits.jobs, in: database) }
            }
            let isRelief = pending.withLock { pending in
                defer { pending.hasTrouble = false }
                return pending.hasTrouble
            }
            if isRelief { logger.notice("job records are written again") }
        } catch {
            let isNew = pending.withLock { pending in
                pending.dropped += records.count
                defer { pending.hasTrouble = true }
                return !pending.hasTrouble
            }
            if isNew {
                logger.error(
                    "job records cannot be written and are dropped; answers go on",
                    metadata: .about(
                        [:], kind: .jobRecordsDropped, ["records": "\(records.count)", "error": "\(error)"]))
            }
        }
    }

    /// The newest jobs, newest first; of one user or of all.
    package func recent(_ count: Int, userID: UInt32? = nil) async throws(JobHistoryError) -> [JobRecord] {
        await flush()
        return try await read { try JobRows.recent(count, userID: userID, in: $0) }
    }

    /// One job; nil where it was never saved or is trimmed.
    package func find(_ id: JobID) async throws(JobHistoryError) -> JobRecord? {
        await flush()
        return try await read { try JobRows.find(id, in: $0) }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobHistoryError) -> Value {
        do {
            return try await database.read(body)
        } catch {
            throw .unreadable("\(error)")
        }
    }
}

/// Why the history of jobs cannot be used.
package enum JobHistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotOpen(path: String, reason: String)
    case unreadable(String)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "the history of jobs \(path) cannot be opened: \(reason); check its owner, its mode (0600) and the disk"
        case .unreadable(let reason): "job records cannot be read: \(reason)"
        }
    }
}
