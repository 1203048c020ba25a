// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import DaemonSettings
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import Messages
import NIOCore
import OpenAIAPI
import ServingModel
import Testing
import UnixHTTP

@testable import Gateway

@Suite("Routes and their rights")
struct GatewayRoutesTests {
    private static let logger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    /// A table like `routes` whose handlers only say that they were reached.
    private func reachable(_ routes: [HTTPRoute]) -> [HTTPRoute] {
        routes.map { route in
            HTTPRoute(route.method, route.pattern, access: route.access) { _ in Response(status: .init(code: 418)) }
        }
    }

    private func table() throws -> [HTTPRoute] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "deepflow-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let configuration = SchedulerConfiguration(runtimeDirectory: directory, stateDirectory: directory)
        return GatewayRoutes.all(try SchedulerCore.open(LiveSettings(configuration.settings), logger: Self.logger))
    }

    private func status(
        _ method: HTTPRequest.Method, _ path: String, on socket: SocketKind, roles: Set<Principal.Role>,
        routes: [HTTPRoute]
    ) async throws -> (status: Int, body: ResponseBody) {
        let table = RouteTable(routes, on: socket, errors: GatewayErrorForm(), logger: Self.logger)
        let principal = Principal(userID: 5, groupIDs: [], processID: 1, roles: roles)
        let head = HTTPRequest(method: method, scheme: "http", authority: "x", path: path)
        let response = try await table.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), of: principal, RequestIdentity())
        return (response.status.code, response.body)
    }

    private func path(_ pattern: String) -> String {
        pattern.replacing("**", with: "some/thing")
    }

    @Test("every route lets in exactly the roles and the listener of its class")
    func rights() async throws {
        let routes = try reachable(table())
        #expect(routes.count >= 15)
        for route in routes {
            for socket in [SocketKind.api, .admin] {
                for roles in [[], [.client], [.admin], [.scheduler], [.client, .admin]] as [Set<Principal.Role>] {
                    let isAllowed =
                        switch route.access {
                        case .client: roles.contains(.client)
                        case .administrator: roles.contains(.admin) && socket == .admin
                        case .scheduler, .nodeOperator: false
                        }
                    let answer = try await status(
                        route.method, path(route.pattern), on: socket, roles: roles, routes: routes)
                    #expect(
                        answer.status == (isAllowed ? 418 : 403),
                        "\(route.method) \(route.pattern) \(socket) \(roles)")
                }
            }
        }
    }

    @Test("what changes things for everybody is an admin's, what reads or asks a client's")
    func classes() throws {
        for route in try table() {
            let isChange = route.method != .get
            let isOwn =
                [
                    SchedulerRoutes.chatCompletions, SchedulerRoutes.completions, SchedulerRoutes.embeddings,
                    SchedulerRoutes.tokenize, SchedulerRoutes.detokenize,
                ]
                .contains(route.pattern) || route.pattern == SchedulerRoutes.job("**")
            #expect((route.access == .administrator) == (isChange && !isOwn), "\(route.method) \(route.pattern)")
        }
    }

    @Test("no two rows of the table answer the same request")
    func unambiguous() throws {
        let routes = try table()
        let rows = routes.map { "\($0.method) \($0.pattern)" }
        #expect(Set(rows).count == rows.count)
    }

    @Test("an unknown path is a 404, a known one with another method a 405")
    func unknown() async throws {
        let routes = try reachable(table())
        for path in ["/", "/v2/models", "/v1/chat/completionsx", "/v1/deepflow/jobs/../nodes", "/V1/models", "//"] {
            #expect(
                try await status(.get, path, on: .admin, roles: [.client, .admin], routes: routes).status != 200)
        }
        #expect(try await status(.get, "/nope", on: .admin, roles: [.client], routes: routes).status == 404)
        for route in routes {
            let answer = try await status(
                .trace, path(route.pattern), on: .admin, roles: [.client, .admin], routes: routes)
            #expect(answer.status == 405)
        }
        #expect(
            try await status(.get, "/v1/models/", on: .api, roles: [.client], routes: routes).status == 418)
    }

    @Test("an error that nobody expected is a 500 that tells no secrets")
    func defect() async throws {
        struct Secret: Error { let password = "hunter2" }
        let routes = [HTTPRoute(.get, "/x", access: .client) { _ in throw Secret() }]
        let answer = try await status(.get, "/x", on: .api, roles: [.client], routes: routes)
        #expect(answer.status == 500)
        #expect(answer.body.contentLength ?? 0 > 0)
        let error = APIError(.internalError, "")
        #expect(!String(decoding: error.envelope.json, as: UTF8.self).contains("hunter2"))
    }
}
