// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import ServiceLifecycle
import Testing
import UnixHTTP

/// A server on a socket in a directory of its own, for the length of one test.
struct ServerFixture {
    let socketPath: String
    let client: UnixHTTPClient
    let group: ServiceGroup

    /// Serves `routes` while `body` runs, then shuts down and takes the directory away.
    static func run(
        _ routes: TestRoutes, limits: UnixHTTPLimits = UnixHTTPLimits(), socketName: String = "s.sock",
        _ body: @escaping @Sendable (ServerFixture) async throws -> Void
    ) async throws {
        let directory = try makeDirectory()
        defer {
            unlink("\(directory)/\(socketName)")
            rmdir(directory)
        }
        let path = "\(directory)/\(socketName)"
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = UnixHTTPServer(
            listeners: [try UnixHTTPListener.bind(path: path, mode: 0o600)],
            routes: RouteTable(routes.all, on: .api, errors: TestErrorForm(), logger: logger),
            roles: RoleTable.ofHost(),
            limits: limits, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        let client = UnixHTTPClient(socketPath: path)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(ServerFixture(socketPath: path, client: client, group: group))
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            client.close()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// An empty directory with a path short enough for sockets.
    static func makeDirectory() throws -> String {
        var template = Array("/tmp/deepflow-test-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A bare connection that sends `text`, for what the client would never send.
    func rawConnection(sending text: String) throws -> RawConnection {
        try RawConnection(to: socketPath, sending: text)
    }
}

extension UnixHTTPLimits {
    /// The defaults with some changed.
    static func with(_ change: (inout UnixHTTPLimits) -> Void) -> UnixHTTPLimits {
        var limits = UnixHTTPLimits()
        change(&limits)
        return limits
    }
}
