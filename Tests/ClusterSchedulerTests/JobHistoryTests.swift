// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Logging
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Job store")
struct JobHistoryTests {
    private func record(_ time: Double, status: ServingStatus = .completed, userID: UInt32 = 7) throws -> JobRecord {
        var record = JobRecord(
            id: .random(), request: .random(), kind: .chat, model: try #require(ModelName("org/m")), userID: userID,
            createdAt: time)
        record.status = status
        record.promptTokens = 3
        record.completionTokens = 9
        record.finishReason = .length
        record.phases.queueMicroseconds = 1
        record.phases.decodeMicroseconds = 2
        var lost = TaskRecord(id: .random(), node: .local, firstIndex: 0)
        lost.status = .failed
        lost.failure = "instance_lost"
        var task = TaskRecord(id: .random(), node: .local, firstIndex: 4)
        task.instance = .random()
        task.status = status
        record.tasks = [lost, task]
        return record
    }

    @Test("what was saved is there after the store is opened again, to the last field")
    func reopening() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state.sqlite"
        let old = try record(1)
        let new = try record(2)
        do {
            let store = try JobHistory.open(at: path, logger: .silent)
            store.save(old)
            store.save(new)
            await store.flush()
        }
        let store = try JobHistory.open(at: path, logger: .silent)
        #expect(try await store.recent(10) == [new, old])
        #expect(try await store.recent(1) == [new])
        #expect(try await store.find(old.id) == old)
        #expect(try await store.find(.random()) == nil)
        #expect(try await store.recent(10, userID: 8).isEmpty)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a later record of a job replaces the earlier one, before and after it was written")
    func replacement() async throws {
        let directory = try TemporaryDirectory()
        let store = try JobHistory.open(at: directory.path + "/s", logger: .silent)
        var job = try record(1, status: .queued)
        job.tasks = []
        store.save(job)
        await store.flush()
        let final = try record(1)
        job.status = .completed
        job.tasks = final.tasks
        store.save(job)
        #expect(try await store.recent(10) == [job])
    }

    @Test("jobs that an earlier scheduler left unfinished are marked failed")
    func abandoned() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state.sqlite"
        let left = try record(1, status: .running)
        let done = try record(2)
        do {
            let store = try JobHistory.open(at: path, logger: .silent)
            store.save(left)
            store.save(done)
            await store.flush()
        }
        let store = try JobHistory.open(at: path, logger: .silent)
        let found = try #require(try await store.find(left.id))
        #expect(found.status == .failed)
        #expect(found.failure?.hasPrefix("server_restarting") == true)
        #expect(found.tasks.last?.status == .failed && found.finishedAt != nil)
        #expect(try await store.find(done.id) == done)
    }

    @Test("a file that is no database is moved aside and a new one begun")
    func damaged() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state.sqlite"
        let junk = Data(repeating: 0x5A, count: 20_000)
        try junk.write(to: URL(filePath: path))
        let store = try JobHistory.open(at: path, logger: .silent)
        let job = try record(1)
        store.save(job)
        #expect(try await store.recent(1) == [job])
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        let aside = try #require(files.first { $0.hasPrefix("state.sqlite.damaged-") })
        #expect(FileManager.default.contents(atPath: directory.path + "/" + aside) == junk)
    }

    @Test("a place where no file can be is a clear error")
    func impossible() {
        #expect(throws: JobHistoryError.self) {
            _ = try JobHistory.open(at: "/nonexistent/state.sqlite", logger: .silent)
        }
    }

    @Test("the oldest jobs go, with their requests and tasks")
    func retention() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let store = try JobHistory.open(at: path, limits: .init(jobs: 3), logger: .silent)
        let records = try (1...5).map { try record(Double($0)) }
        for record in records { store.save(record) }
        #expect(try await store.recent(10).map(\.createdAt) == [5, 4, 3])
        let counts = try await DatabaseQueue(path: path).read { database in
            try ["requests", "jobs", "tasks"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(counts == [3, 3, 6])
    }

    @Test("records that cannot be written are counted and dropped, and the next ones are written")
    func trouble() async throws {
        let directory = try TemporaryDirectory()
        let database = try DatabaseQueue(path: directory.path + "/s")
        let store = JobHistory(database: database, limits: .init(), logger: .silent)
        store.save(try record(1))
        await store.flush()
        #expect(store.droppedRecords == 1)
        try JobSchema.migrator.migrate(database)
        let job = try record(2)
        store.save(job)
        #expect(try await store.recent(5) == [job])
        #expect(store.droppedRecords == 1)
    }

    @Test("more than may wait for the disk is dropped, not piled up")
    func overflow() throws {
        let store = JobHistory(database: try DatabaseQueue(), limits: .init(pending: 2), logger: .silent)
        for time in 1...5 { store.save(try record(Double(time))) }
        #expect(store.droppedRecords == 3)
    }

    @Test("records that come together are written in one transaction")
    func groupCommit() async throws {
        let directory = try TemporaryDirectory()
        let store = try JobHistory.open(at: directory.path + "/s", logger: .silent)
        let writer = Task { await store.run() }
        let records = try (0..<50).map { try record(Double($0)) }
        for record in records { store.save(record) }
        writer.cancel()
        await writer.value
        let other = try JobHistory.open(at: directory.path + "/s", logger: .silent)
        #expect(try await other.recent(100).count == 50)
    }
}
