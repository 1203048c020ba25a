// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Logging
import Messages
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("A scheduler's start")
struct SchedulerOpeningTests {
    private func settings(runtime: String, state: String) -> LiveSettings<SchedulerSettings> {
        let configuration = SchedulerConfiguration(runtimeDirectory: runtime, stateDirectory: state, drainSeconds: 0)
        return LiveSettings(configuration.settings)
    }

    @Test("two schedulers cannot have one state directory")
    func oneOwner() throws {
        let directory = try TemporaryDirectory()
        let state = directory.path + "/state"
        let first = try SchedulerCore.open(
            settings(runtime: directory.path + "/a", state: state), logger: .silent)
        let refusal = #expect(throws: SchedulerStartError.self) {
            _ = try SchedulerCore.open(
                settings(runtime: directory.path + "/b", state: state), logger: .silent)
        }
        #expect(refusal == .stateInUse(directory: state))
        #expect(refusal?.description.contains(state) == true)
        withExtendedLifetime(first) {}
    }

    @Test("a state directory that cannot be written costs the records, not the answers")
    func unwritable() async throws {
        let directory = try TemporaryDirectory()
        // No user, root included, can make a directory there.
        let core = try SchedulerCore.open(
            settings(runtime: directory.path, state: "/sys/deepflow-state"), logger: .silent)
        #expect(try await core.recentJobs(10, userID: nil).isEmpty)
        #expect(core.health.droppedRecords == 0)
    }

    @Test("a state directory that is a file is a wrong path, not a full disk")
    func wrongPath() throws {
        let directory = try TemporaryDirectory()
        let error = #expect(throws: SchedulerStartError.self) {
            _ = try SchedulerCore.open(
                settings(runtime: directory.path, state: "/dev/null/state"), logger: .silent)
        }
        #expect(error?.description.contains("/dev/null/state") == true)
    }

    @Test("records in memory are found like others")
    func memory() async throws {
        let store = try JobHistory.inMemory(limits: .init(), logger: .silent)
        let job = JobRecord(
            id: .random(), request: .random(), kind: .chat, model: try #require(ModelName("m")), userID: 1, createdAt: 1
        )
        store.save(job)
        #expect(try await store.recent(5) == [job])
        #expect(store.droppedRecords == 0)
    }

    @Test("a second scheduler on the same sockets is refused in a sentence")
    func sockets() async throws {
        let directory = try TemporaryDirectory()
        let configuration = SchedulerConfiguration(
            runtimeDirectory: directory.path, stateDirectory: directory.path + "/state")
        let first = try await SchedulerSockets.bind(configuration)
        let refusal = await #expect(throws: SchedulerStartError.self) {
            _ = try await SchedulerSockets.bind(configuration)
        }
        #expect(refusal == .alreadyRunning(path: configuration.apiSocket))
        withExtendedLifetime(first) {}
    }
}
