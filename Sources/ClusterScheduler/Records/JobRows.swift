// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import LinuxKernel
internal import ServingModel

/// Job records as rows. Rows that do not read as a record (of a newer version, or damaged) are left out of listings.
enum JobRows {
    /// Inserts or replaces a job with its request and tasks.
    static func write(_ record: JobRecord, to database: Database) throws {
        try insertRequest.execute(
            in: database,
            [
                "id": bits(record.request.rawValue), "user_id": Int64(record.userID), "created_at": record.createdAt,
            ])
        try upsertJob.execute(in: database, jobValues(record))
        for (position, task) in record.tasks.enumerated() {
            try replaceTask.execute(in: database, taskValues(task, of: record.id, position: position))
        }
    }

    private static let insertRequest = RowStatement(
        verb: "INSERT OR IGNORE", table: "requests", columns: ["id", "user_id", "created_at"])
    /// An upsert, since REPLACE would delete the job's tasks by the way. What is fixed when a job comes stays.
    private static let upsertJob = RowStatement(
        verb: "INSERT", table: "jobs", columns: ["id", "request", "kind", "model", "user_id", "created_at"],
        updated: [
            "status", "finished_at", "prompt_tokens", "completion_tokens", "finish_reason", "failure", "queue_us",
            "fork_us", "prefill_us", "first_token_us", "decode_us",
        ] + JobSchema.startStageColumns)
    private static let replaceTask = RowStatement(
        verb: "INSERT OR REPLACE", table: "tasks",
        columns: ["id", "job", "position", "node", "instance", "status", "first_index", "failure"])

    private static func jobValues(_ record: JobRecord) -> RowStatement.Values {
        let phases = record.phases
        let stages = phases.startStages
        return [
            "id": bits(record.id.rawValue), "request": bits(record.request.rawValue), "kind": record.kind.rawValue,
            "model": record.model.text, "user_id": Int64(record.userID), "created_at": record.createdAt,
            "status": record.status.rawValue, "finished_at": record.finishedAt, "prompt_tokens": record.promptTokens,
            "completion_tokens": record.completionTokens, "finish_reason": record.finishReason?.rawValue,
            "failure": record.failure, "queue_us": phases.queueMicroseconds, "fork_us": phases.forkMicroseconds,
            "prefill_us": phases.prefillMicroseconds, "first_token_us": phases.firstTokenMicroseconds,
            "decode_us": phases.decodeMicroseconds, "scaler_pre_us": stages?.scalerPre,
            "te_pre_load_us": stages?.tePreLoad, "te_load_us": stages?.teLoad, "te_post_load_us": stages?.tePostLoad,
            "scaler_post_us": stages?.scalerPost,
        ]
    }

    private static func taskValues(_ task: TaskRecord, of job: JobID, position: Int) -> RowStatement.Values {
        [
            "id": bits(task.id.rawValue), "job": bits(job.rawValue), "position": position, "node": task.node.text,
            "instance": task.instance.map { bits($0.rawValue) }, "status": task.status.rawValue,
            "first_index": task.firstIndex, "failure": task.failure,
        ]
    }

    /// Removes the oldest jobs above `limit`; counts by row, since ids are random.
    static func trim(to limit: Int, in database: Database) throws {
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM jobs") ?? 0
        guard count > limit else { return }
        try database.execute(
            sql: """
                DELETE FROM requests WHERE id IN
                (SELECT request FROM jobs ORDER BY created_at LIMIT ?)
                """, arguments: [count - limit])
    }

    /// Marks what an earlier scheduler left; returns how many.
    static func failUnfinished(_ failure: JobFailure, in database: Database) throws -> Int {
        let unfinished = "status IN ('queued', 'starting', 'running')"
        try database.execute(
            sql: "UPDATE tasks SET status = 'failed', failure = ? WHERE \(unfinished)", arguments: [failure.code])
        try database.execute(
            sql: "UPDATE jobs SET status = 'failed', failure = ?, finished_at = ? WHERE \(unfinished)",
            arguments: [failure.description, WallClock.now])
        return database.changesCount
    }

    static func recent(_ count: Int, userID: UInt32?, in database: Database) throws -> [JobRecord] {
        let condition = userID == nil ? "" : "WHERE user_id = ?"
        var arguments = StatementArguments()
        if let userID { arguments += [Int64(userID)] }
        arguments += [count]
        let rows = try Row.fetchAll(
            database, sql: "SELECT * FROM jobs \(condition) ORDER BY created_at DESC LIMIT ?", arguments: arguments)
        return try rows.compactMap { try record($0, in: database) }
    }

    static func find(_ id: JobID, in database: Database) throws -> JobRecord? {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [bits(id.rawValue)])
        return try row.flatMap { try record($0, in: database) }
    }

    private static func record(_ row: Row, in database: Database) throws -> JobRecord? {
        guard let id: Int64 = row["id"], let request: Int64 = row["request"],
            let kind = (row["kind"] as String?).flatMap(JobKind.init(rawValue:)),
            let model = (row["model"] as String?).flatMap(ModelName.init),
            let status = (row["status"] as String?).flatMap(ServingStatus.init(rawValue:)),
            let user = (row["user_id"] as Int64?).flatMap(UInt32.init(exactly:)),
            let createdAt: Double = row["created_at"]
        else { return nil }
        var record = JobRecord(
            id: JobID(rawValue: UInt64(bitPattern: id)), request: RequestID(rawValue: UInt64(bitPattern: request)),
            kind: kind, model: model, userID: user, createdAt: createdAt)
        record.status = status
        record.finishedAt = row["finished_at"]
        record.promptTokens = row["prompt_tokens"]
        record.completionTokens = row["completion_tokens"] ?? 0
        record.finishReason = (row["finish_reason"] as String?).flatMap(FinishReason.init(rawValue:))
        record.failure = row["failure"]
        record.phases.queueMicroseconds = row["queue_us"]
        record.phases.forkMicroseconds = row["fork_us"]
        record.phases.prefillMicroseconds = row["prefill_us"]
        record.phases.firstTokenMicroseconds = row["first_token_us"]
        record.phases.decodeMicroseconds = row["decode_us"]
        record.phases.startStages = startStages(row)
        record.tasks = try Row.fetchAll(
            database, sql: "SELECT * FROM tasks WHERE job = ? ORDER BY position", arguments: [id]
        ).compactMap(task)
        return record
    }

    private static func startStages(_ row: Row) -> StartStages? {
        let times = JobSchema.startStageColumns.compactMap { row[$0] as Int? }
        guard times.count == JobSchema.startStageColumns.count else { return nil }
        return StartStages(
            scalerPre: times[0], tePreLoad: times[1], teLoad: times[2], tePostLoad: times[3], scalerPost: times[4])
    }

    private static func task(_ row: Row) -> TaskRecord? {
        guard let id: Int64 = row["id"], let node = (row["node"] as String?).flatMap(NodeName.init),
            let status = (row["status"] as String?).flatMap(ServingStatus.init(rawValue:)),
            let firstIndex: Int = row["first_index"]
        else { return nil }
        var task = TaskRecord(id: TaskID(rawValue: UInt64(bitPattern: id)), node: node, firstIndex: firstIndex)
        task.instance = (row["instance"] as Int64?).map { InstanceID(rawValue: UInt64(bitPattern: $0)) }
        task.status = status
        task.failure = row["failure"]
        return task
    }

    /// SQLite's integers have a sign; ids have none.
    private static func bits(_ id: UInt64) -> Int64 { Int64(bitPattern: id) }
}
