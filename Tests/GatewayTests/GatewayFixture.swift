// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import DaemonSettings
import Foundation
import Logging
import Messages
import NIOCore
import ServiceLifecycle
import ServingModel
import Testing
import UnixHTTP

@testable import Gateway

/// The real scheduler and gateway on sockets in a directory of their own, with one scripted node, for one test.
struct GatewayFixture: Sendable {
    let api: UnixHTTPClient
    let admin: UnixHTTPClient
    let node: ScriptedNodeServer
    /// The path behind `api`.
    let apiSocket: String

    static func run(
        roles: RoleTable = .ofHost(), configure: (inout SchedulerConfiguration) -> Void = { _ in },
        script: @escaping ScriptedNodeServer.Script = { _, _ in },
        _ body: @escaping @Sendable (GatewayFixture) async throws -> Void
    ) async throws {
        var template = Array("/tmp/deepflow-test-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var configuration = SchedulerConfiguration(
            runtimeDirectory: directory, stateDirectory: directory + "/state", drainSeconds: 0)
        configure(&configuration)
        let settings = LiveSettings(configuration.settings)
        let core = try SchedulerCore.open(settings, logger: logger)
        let node = ScriptedNodeServer(.local, model: try #require(ModelName("org/m")), script: script)
        let nodeServer = UnixHTTPServer(
            listeners: [try .bind(path: configuration.nodesDirectory + "/local.sock", mode: 0o600)],
            routes: RouteTable(node.routes, on: .node, errors: GatewayErrorForm(), logger: logger), roles: .ofHost(),
            limits: UnixHTTPLimits(drainSeconds: 0), logger: logger)
        let gateway = GatewayService(
            core: core, api: try .bind(path: configuration.apiSocket, mode: 0o660),
            admin: try .bind(path: configuration.adminSocket, mode: 0o660), settings: settings,
            roles: roles, logger: logger)
        let group = ServiceGroup(
            configuration: .init(services: [nodeServer, core, gateway], logger: logger))
        let fixture = GatewayFixture(
            api: UnixHTTPClient(socketPath: configuration.apiSocket),
            admin: UnixHTTPClient(socketPath: configuration.adminSocket), node: node,
            apiSocket: configuration.apiSocket)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let outcome: Result<Void, any Error>
            do {
                while core.cluster.models().isEmpty { await Task.yield() }
                outcome = .success(try await body(fixture))
            } catch {
                outcome = .failure(error)
            }
            fixture.api.close()
            fixture.admin.close()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }

    /// Status, text and job of an answer.
    struct Answer: Sendable {
        let status: Int
        let text: String
        let response: ClientResponse

        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data(text.utf8))
        }
    }

    func get(_ path: String, on client: UnixHTTPClient? = nil) async throws -> Answer {
        try await read(try await (client ?? api).request(.get, path))
    }

    func delete(_ path: String, on client: UnixHTTPClient? = nil) async throws -> Answer {
        try await read(try await (client ?? api).request(.delete, path))
    }

    func post(_ path: String, _ body: String, on client: UnixHTTPClient? = nil) async throws -> Answer {
        try await read(try await (client ?? api).request(.post, path, body: .bytes(body.utf8)))
    }

    /// A chat with the fixture's model; `fields` are further fields of the request.
    func chat(_ text: String = "hi", _ fields: String = #""seed":1"#) async throws -> Answer {
        try await post(SchedulerRoutes.chatCompletions, Self.chatBody(text, fields))
    }

    static func chatBody(_ text: String, _ fields: String) -> String {
        #"{"model":"org/m","messages":[{"role":"user","content":"\#(text)"}],\#(fields)}"#
    }

    private func read(_ response: ClientResponse) async throws -> Answer {
        let body = try await response.collect(upTo: 64 << 20)
        return Answer(status: response.status, text: String(buffer: body), response: response)
    }
}

/// Scripts that several tests use.
enum Scripts {
    /// Accepts and answers with these texts, one token each.
    static func answer(_ texts: String..., last: String = "") -> ScriptedNodeServer.Script {
        { task, emit in
            accept(task, emit)
            for (index, text) in texts.enumerated() {
                emit(.token(GeneratedToken(index: index, id: 1, text: text)))
            }
            finish(last, tokens: texts.count, emit)
        }
    }

    /// Answers with the seed.
    static let seed: ScriptedNodeServer.Script = { task, emit in
        guard case .answer(_, let sampling) = task.work else { return }
        accept(task, emit)
        emit(.token(GeneratedToken(index: 0, id: 1, text: String(sampling.seed))))
        finish(tokens: 1, emit)
    }

    static func finish(_ text: String = "", tokens: Int, _ emit: (TaskEvent) -> Void) {
        emit(
            .finished(
                TaskOutcome(
                    reason: .stop, text: text, completionTokens: tokens, prefillMicroseconds: 1, decodeMicroseconds: 1))
        )
    }

    /// Accepts, sends one token, and nothing more.
    static let silence: ScriptedNodeServer.Script = { task, emit in
        accept(task, emit)
        emit(.token(GeneratedToken(index: 0, id: 1, text: "a")))
    }

    static func accept(_ task: ServingTask, _ emit: (TaskEvent) -> Void) {
        emit(
            .accepted(
                TaskAcceptance(instance: InstanceID(rawValue: 9), promptTokens: 4, startMicroseconds: 2, digest: "d")))
    }
}
