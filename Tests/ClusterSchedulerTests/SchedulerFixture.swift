// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import Logging
import Policies
import ServingModel
import Testing

@testable import ClusterScheduler

/// A real scheduler over scripted nodes and a history in a directory of its own, for the length of one test.
struct SchedulerFixture: Sendable {
    let core: SchedulerCore
    let history: JobHistory
    private let names: AsyncStream<Set<NodeName>>.Continuation
    private let model: ModelName

    static func run(
        _ nodes: [ScriptedNode], configure: (inout SchedulerConfiguration) -> Void = { _ in },
        grace: Duration = .seconds(20), clock: any SchedulerClock = SystemClock(),
        endsByItself: Bool = false, _ body: @Sendable (SchedulerFixture) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        var configuration = SchedulerConfiguration(
            runtimeDirectory: directory.path, stateDirectory: directory.path, drainSeconds: 0)
        configuration.missingSeconds = 1
        configure(&configuration)
        let logger = Logger.silent
        let history = try JobHistory.open(at: directory.path + "/state.sqlite", logger: logger)
        let byName = Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, $0) })
        let stranger = try ScriptedNode("stranger")
        let limits = NodeLimits(grace: grace, longestRetry: .seconds(5))
        let cluster = ClusterManager(policy: LeastLoaded(), limits: limits, clock: clock, logger: logger) {
            byName[$0] ?? stranger
        }
        let (sockets, names) = AsyncStream.makeStream(of: Set<NodeName>.self)
        names.yield(Set(byName.keys))
        let core = SchedulerCore(
            settings: LiveSettings(configuration.settings), cluster: cluster, history: history, sockets: sockets,
            clock: clock)
        let fixture = SchedulerFixture(
            core: core, history: history, names: names, model: try #require(ModelName("m")))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await core.run() }
            defer { group.cancelAll() }
            for node in nodes { try await node.connection() }
            try await body(fixture)
            if endsByItself { try await group.waitForAll() }
        }
    }

    /// The sockets that there are from now on.
    func setSockets(of nodes: [ScriptedNode]) { names.yield(Set(nodes.map(\.name))) }

    func submission(
        model: ModelName? = nil, userID: UInt32 = 1, text: String = "once upon a time"
    ) -> JobSubmission {
        JobSubmission(
            plan: CompletionJob(
                prompt: .text(text, parsesControlTokens: true),
                sampling: SamplingParameters(temperature: 1, seed: 42, maximumTokens: 500)),
            model: model ?? self.model,
            principal: Principal(userID: userID, groupIDs: [], processID: 1, roles: [.client]))
    }

    /// A reader of one job, or of a request's jobs.
    func submit(userID: UInt32 = 1, choices: Int = 1) throws -> JobReader {
        try core.submit(Array(repeating: submission(userID: userID), count: choices))
    }
}

/// What came of a job.
struct CollectedAnswer: Sendable {
    var text = ""
    var vectors: [EmbeddedInput] = []
    var summary: JobSummary?

    /// Reads a job to its end.
    static func read(_ reader: JobReader) async throws(JobFailure) -> CollectedAnswer {
        let answers = try await readAll(reader)
        return answers[0]
    }

    /// Reads all jobs of a request to their ends.
    static func readAll(_ reader: JobReader) async throws(JobFailure) -> [CollectedAnswer] {
        defer { reader.detach() }
        var answers = reader.jobs.map { _ in CollectedAnswer() }
        while answers.contains(where: { $0.summary == nil }) {
            for reply in try await reader.nextReplies() { answers[reply.position].add(reply) }
        }
        return answers
    }

    mutating func add(_ reply: JobReply) {
        for part in reply.parts {
            switch part {
            case .token(let token): text += token.text
            case .vector(let input): vectors.append(input)
            }
        }
        if let summary = reply.summary {
            text += summary.rest.text
            self.summary = summary
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
