// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import FoundationEssentials
import Glibc
import HTTPTypes
import LinuxKernel
import Messages
import NIOCore
import ServiceLifecycle
import ServingModel
import Testing
import UnixHTTP

@testable import NodeDaemon

/// The node API over a real socket, on a node without a keeper.
@Suite struct NodeRouteTableTests {
    private let directory: ScratchDirectory
    private let table: NodeRouteTable
    private let reactor: InstanceReactor

    init() throws {
        directory = try ScratchDirectory()
        let configuration = NodeConfiguration(
            node: .local, runtimeDirectory: directory.path, stateDirectory: directory.path)
        let store = try ModelStore(directory: configuration.modelDirectory, logger: .silent)
        reactor = try InstanceReactor()
        let catalog = ModelCatalog(store: store, engine: "/nonexistent")
        let effects = ReactorEffects(
            reactor: reactor,
            launcher: KeeperLauncher(socketPath: configuration.keeperPath, executable: "/nonexistent"),
            catalog: catalog, directory: configuration.nodeDirectory, logger: .silent)
        table = NodeRouteTable(
            service: NodeActor(configuration: configuration, catalog: catalog, effects: effects))
    }

    /// Serves the table to peers who have `roles`, while `body` runs.
    private func serve(
        _ roles: Set<Principal.Role>, _ body: @escaping @Sendable (UnixHTTPClient) async throws -> Void
    ) async throws {
        defer { reactor.stop() }
        let path = directory.path + "/s.sock"
        let identity = try PeerIdentity.ofThisProcess()
        let server = UnixHTTPServer(
            listeners: [try UnixHTTPListener.bind(path: path, mode: 0o600)],
            routes: RouteTable(table.routes, on: .node, errors: NodeErrorForm(), logger: .silent),
            roles: RoleTable(trustedUserIDs: [], rolesOfGroup: [identity.groupID: roles]), logger: .silent)
        let group = ServiceGroup(configuration: .init(services: [server], logger: .silent))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let client = UnixHTTPClient(socketPath: path)
            do { try await body(client) } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            client.close()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static func target(_ route: HTTPRoute) -> String {
        route.pattern.replacing(":id", with: "task-0000000000000001").replacing("**", with: "a/b")
    }

    private static func error(_ response: ClientResponse) async throws -> NodeAPIError {
        let body = try await response.collect(upTo: 65_536)
        return try JSONDecoder().decode(NodeAPIError.self, from: Data(body.readableBytesView))
    }

    @Test("every route names its roles, and none is open to mere clients")
    func rolesAreNamed() {
        #expect(table.routes.count == 18)
        for route in table.routes {
            #expect([.scheduler, .nodeOperator].contains(route.access), "\(route.pattern)")
        }
    }

    @Test("a peer without the role is refused on every route, with a next step")
    func strangersAreRefused() async throws {
        let routes = table.routes
        try await serve([.client]) { client in
            for route in routes {
                let method = try #require(ClientMethod(rawValue: route.method.rawValue))
                let response = try await client.request(method, Self.target(route))
                #expect(response.status == 403, "\(route.method) \(route.pattern)")
                #expect(try await Self.error(response).code == "forbidden")
            }
        }
    }

    @Test("an administrator reads and manages, and cannot pose as the scheduler")
    func administrators() async throws {
        try await serve([.admin]) { client in
            for path in [NodeRoutes.status, NodeRoutes.models, NodeRoutes.instances, NodeRoutes.templates] {
                let response = try await client.request(.get, path)
                #expect(response.status == 200)
                _ = try await response.collect(upTo: 65_536)
            }
            #expect(try await client.request(.get, NodeRoutes.events).status == 403)
            #expect(try await client.request(.post, NodeRoutes.tasks).status == 403)
        }
    }

    @Test("the status tells what the node is and what it lacks")
    func status() async throws {
        try await serve([.admin]) { client in
            let response = try await client.request(.get, NodeRoutes.status)
            let body = try await response.collect(upTo: 65_536)
            let status = try JSONDecoder().decode(NodeStatus.self, from: Data(body.readableBytesView))
            #expect(status.node == .local)
            #expect(status.version == Release.version)
            #expect(status.keeperProcessID == nil)
            #expect(status.remarks.first?.contains("no keeper") == true)
        }
    }

    @Test("a stream begins with hello, models and instances, and a second one ends the first")
    func events() async throws {
        try await serve([.scheduler]) { client in
            var first = try await client.request(.get, NodeRoutes.events).lines(upTo: 65_536).makeAsyncIterator()
            for expected in ["\"hello\"", "\"models\"", "\"instances\""] {
                let line = String(buffer: try #require(try await first.next()))
                #expect(line.contains(expected))
            }
            let second = try await client.request(.get, NodeRoutes.events)
            #expect(second.status == 200)
            #expect(try await first.next() == nil)
        }
    }

    @Test("each scheduler has a stream of its own, and an earlier life of it is refused")
    func schedulers() async throws {
        try await serve([.scheduler]) { client in
            func open(_ identity: String) async throws -> ClientResponse {
                try await client.request(.get, NodeRoutes.events, headers: [NodeRoutes.schedulerHeader: identity])
            }
            var first = try await open("sched-0000000000000001/2").lines(upTo: 65_536).makeAsyncIterator()
            for _ in 0..<3 { _ = try await first.next() }
            let second = try await open("sched-0000000000000002/1")
            #expect(second.status == 200)
            let stale = try await open("sched-0000000000000001/1")
            #expect(stale.status == 409)
            #expect(try await Self.error(stale).code == "stale_epoch")
            #expect(try await open("nonsense").status == 400)
            let successor = try await open("sched-0000000000000001/3")
            #expect(successor.status == 200)
            #expect(try await first.next() == nil)
        }
    }

    @Test(
        "what is no valid request is a 400 or 404 that says why",
        arguments: [
            ("POST", "/v1/tasks", "{"), ("POST", "/v1/tasks", ""), ("POST", "/v1/tasks", "[]"),
            ("DELETE", "/v1/tasks/nonsense", ""), ("DELETE", "/v1/instances/inst-xyz", ""),
            ("DELETE", "/v1/instances/inst-0000000000000001", ""), ("DELETE", "/v1/models/none", ""),
            ("DELETE", "/v1/models/%zz", ""), ("DELETE", "/v1/models/..%2F..%2Fetc", ""),
            ("POST", "/v1/models", "x"), ("POST", "/v1/models?name=..%2Fx", "x"), ("GET", "/v2/status", ""),
            ("GET", "/", ""), ("PUT", "/v1/status", ""), ("POST", "/v1/tasks/acknowledge", "{}"),
            ("DELETE", "/v1/tasks/task-0000000000000001", ""),
        ])
    func badRequests(_ method: String, _ target: String, _ body: String) async throws {
        try await serve([.scheduler, .admin]) { client in
            let method = try #require(ClientMethod(rawValue: method))
            let response = try await client.request(method, target, body: .bytes(body.utf8))
            #expect([400, 404, 405].contains(response.status))
            let error = try await Self.error(response)
            #expect(!error.message.isEmpty)
        }
    }

    @Test("what HTTP itself forbids comes in the node's form, and a wrong method is told the right ones")
    func refusals() async throws {
        try await serve([.admin]) { client in
            let large = try await client.request(
                .get, NodeRoutes.status, headers: ["x": String(repeating: "a", count: 40_000)])
            #expect(large.status == 431)
            #expect(try await Self.error(large).code == "bad_request")
            let wrong = try await client.request(.put, NodeRoutes.status)
            #expect(wrong.status == 405 && wrong.header("allow") == "GET, HEAD")
        }
    }

    @Test("a packer that cannot be started is the import's last line, and the next import may come")
    func failedImport() async throws {
        try await serve([.admin]) { client in
            for _ in 0..<2 {
                let response = try await client.request(
                    .post, NodeRoutes.models + "?name=tiny", body: .bytes("checkpoint".utf8))
                #expect(response.status == 200)
                var last: ImportProgress?
                for try await line in response.lines(upTo: 65_536) {
                    last = try JSONDecoder().decode(ImportProgress.self, from: Data(line.readableBytesView))
                }
                guard case .failed(let message)? = last else {
                    Issue.record("\(String(describing: last))")
                    return
                }
                #expect(message.contains("nonexistent"))
            }
        }
    }

    @Test("each error code has the status that clients act on")
    func statusOfCodes() {
        let table = [
            "bad_request": 400, "invalid_request": 400, "forbidden": 403, "not_found": 404, "model_not_found": 404,
            "conflict": 409, "stale_epoch": 409, "overloaded": 429, "insufficient_storage": 507, "anything else": 500,
        ]
        for (code, status) in table { #expect(NodeErrorForm.status(of: code) == status, "\(code)") }
    }
}
