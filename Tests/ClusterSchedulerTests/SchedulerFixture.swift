// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import Logging
import Policies
import ServingModel
import Testing

@testable import ClusterScheduler

/// A real scheduler over scripted nodes and a store in a directory of its own, for the length of one test.
struct SchedulerFixture: Sendable {
    let core: SchedulerCore
    let store: JobStore
    private let names: AsyncStream<Set<NodeName>>.Continuation
    private let model: ModelName

    static func run(
        _ nodes: [ScriptedNode], configure: (inout SchedulerConfiguration) -> Void = { _ in },
        grace: Duration = .seconds(20), _ body: @Sendable (SchedulerFixture) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        var configuration = SchedulerConfiguration(
            runtimeDirectory: directory.path, stateDirectory: directory.path, drainSeconds: 0)
        configuration.missingSeconds = 1
        configure(&configuration)
        let logger = Logger.silent
        let store = try JobStore.open(at: directory.path + "/state.sqlite", logger: logger)
        let byName = Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, $0) })
        let stranger = try ScriptedNode("stranger")
        let cluster = ClusterManager(policy: LeastLoaded(), grace: grace, logger: logger) { byName[$0] ?? stranger }
        let (sockets, names) = AsyncStream.makeStream(of: Set<NodeName>.self)
        names.yield(Set(byName.keys))
        let core = SchedulerCore(
            settings: LiveSettings(configuration.settings), cluster: cluster, store: store, sockets: sockets)
        let fixture = SchedulerFixture(
            core: core, store: store, names: names, model: try #require(ModelName("m")))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await core.run() }
            defer { group.cancelAll() }
            for node in nodes { try await node.connection() }
            try await body(fixture)
        }
    }

    /// The sockets that there are from now on.
    func setSockets(of nodes: [ScriptedNode]) { names.yield(Set(nodes.map(\.name))) }

    func submission(
        model: ModelName? = nil, userID: UInt32 = 1, text: String = "once upon a time"
    ) -> JobSubmission {
        JobSubmission(
            kind: .completion, model: model ?? self.model,
            work: .answer(
                .text(text, parsesControlTokens: true),
                SamplingParameters(temperature: 1, seed: 42, maximumTokens: 500)),
            principal: Principal(userID: userID, groupIDs: [], processID: 1, roles: [.client]))
    }

    func submit(userID: UInt32 = 1) throws -> JobExecutor { try core.submit(submission(userID: userID)) }
}

/// What came of a job.
struct CollectedAnswer: Sendable {
    var acceptances = 0
    var text = ""
    var vectors: [EmbeddedInput] = []
    var summary: JobSummary?

    /// Reads a job to its end.
    static func read(_ executor: JobExecutor) async throws(JobFailure) -> CollectedAnswer {
        var answer = CollectedAnswer()
        while true {
            let events = try await executor.next()
            if events.isEmpty { return answer }
            for event in events {
                switch event {
                case .accepted: answer.acceptances += 1
                case .part(.token(let token)): answer.text += token.text
                case .part(.vector(let input)): answer.vectors.append(input)
                case .waiting: break
                case .finished(let summary):
                    answer.text += summary.rest.text
                    answer.summary = summary
                }
            }
        }
    }
}

/// A directory that goes with the last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/deepflow-test-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

extension Logger {
    /// Errors that a test provokes are no news.
    static var silent: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}

/// `<0><1>...`: what scripted tokens make.
func tokenText(_ range: Range<Int>) -> String { range.map { "<\($0)>" }.joined() }
