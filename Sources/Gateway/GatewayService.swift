// SPDX-License-Identifier: Apache-2.0
package import ClusterScheduler
package import Logging
internal import OpenAIAPI
internal import ServiceLifecycle
internal import SystemdIntegration
package import UnixHTTP

/// Serves the API on its two sockets until it is told to stop; then nothing new is let in, running answers drain, and
/// those that take too long end with `server_restarting`.
package struct GatewayService: Service {
    private let core: SchedulerCore
    private let servers: [UnixHTTPServer<GatewayResponder>]

    /// The connections of ended answers get this long to take the last words.
    private static let farewellSeconds = 2

    /// Everything else that a stop does: the last records are written, connections are closed.
    private static let endSeconds = 30
    private let drainSeconds: Int

    /// Serves on `api` and `admin`, which listen already.
    package init(
        core: SchedulerCore, api: UnixHTTPListener, admin: UnixHTTPListener, drainSeconds: Int, roles: RoleTable,
        logger: Logger
    ) {
        self.core = core
        self.drainSeconds = drainSeconds
        let routes = GatewayRoutes.all(core)
        let limits = UnixHTTPLimits(drainSeconds: drainSeconds + Self.farewellSeconds)
        servers = [(api, GatewayListener.api), (admin, GatewayListener.admin)].map { socket, listener in
            UnixHTTPServer(
                listeners: [socket], responder: GatewayResponder(routes: routes, listener: listener, logger: logger),
                roles: roles, limits: limits, refusalForm: { APIError($0).envelope.json }, logger: logger)
        }
    }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for server in servers { group.addTask { try await server.run() } }
                ServiceNotification.ready("takes requests")
                async let _ = EventLoopTasks.repeating(everyMicroseconds: ServiceWatchdog()?.interval) {
                    ServiceNotification.alive()
                }
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            ServiceNotification.stopping("lets running answers end")
            ServiceNotification.extendTimeout(bySeconds: drainSeconds + Self.farewellSeconds + Self.endSeconds)
            Task { await core.drain() }
        }
    }
}
