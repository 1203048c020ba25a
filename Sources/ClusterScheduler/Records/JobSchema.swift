// SPDX-License-Identifier: Apache-2.0
internal import GRDB

/// The tables, as a list of migrations: a released one is never changed, only followed by another.
enum JobSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("requests, jobs, tasks", migrate: createTables)
        migrator.registerMigration("stages of starts", migrate: addStartStages)
        return migrator
    }

    /// The stages of the start that a job waited for, in the order of `StartStages`; null where it found an instance.
    static let startStageColumns = [
        "scaler_pre_us", "te_pre_load_us", "te_load_us", "te_post_load_us", "scaler_post_us",
    ]

    private static func addStartStages(_ database: Database) throws {
        for column in startStageColumns {
            try database.execute(sql: "ALTER TABLE jobs ADD COLUMN \(column) INTEGER")
        }
    }

    /// Ids are stored as their bits, so that they are keys of 8 bytes; all times are seconds since 1970.
    private static func createTables(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE requests (
                    id INTEGER PRIMARY KEY NOT NULL,
                    user_id INTEGER NOT NULL,
                    created_at REAL NOT NULL
                ) STRICT;
                CREATE TABLE jobs (
                    id INTEGER PRIMARY KEY NOT NULL,
                    request INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
                    kind TEXT NOT NULL,
                    model TEXT NOT NULL,
                    status TEXT NOT NULL,
                    user_id INTEGER NOT NULL,
                    created_at REAL NOT NULL,
                    finished_at REAL,
                    prompt_tokens INTEGER,
                    completion_tokens INTEGER NOT NULL,
                    finish_reason TEXT,
                    failure TEXT,
                    queue_us INTEGER,
                    fork_us INTEGER,
                    prefill_us INTEGER,
                    first_token_us INTEGER,
                    decode_us INTEGER
                ) STRICT;
                CREATE INDEX jobs_by_time ON jobs (created_at DESC);
                CREATE INDEX jobs_by_request ON jobs (request);
                CREATE INDEX jobs_unfinished ON jobs (status) WHERE status IN ('queued', 'starting', 'running');
                CREATE TABLE tasks (
                    id INTEGER PRIMARY KEY NOT NULL,
                    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
                    position INTEGER NOT NULL,
                    node TEXT NOT NULL,
                    instance INTEGER,
                    status TEXT NOT NULL,
                    first_index INTEGER NOT NULL,
                    failure TEXT
                ) STRICT;
                CREATE INDEX tasks_by_job ON tasks (job);
                """)
    }
}
