// SPDX-License-Identifier: Apache-2.0
package import ClusterScheduler
package import DaemonSettings
package import Logging
internal import ServiceLifecycle
internal import SystemdIntegration
package import UnixHTTP

/// Serves the API on its two sockets until it is told to stop; then nothing new is let in, running answers drain, and
/// those that take too long end with `server_restarting`.
package struct GatewayService: Service {
    private let core: SchedulerCore
    private let servers: [UnixHTTPServer]

    /// The connections of ended answers get this long to take the last words.
    private static let farewellSeconds = 2

    /// Everything else that a stop does: the last records are written, connections are closed.
    private static let endSeconds = 30
    private let settings: LiveSettings<SchedulerSettings>
    /// Roles of the host; the tenants are added to them.
    private let hostRoles: RoleTable
    private let roles: LiveRoles
    private let logger: Logger

    /// Serves on `api` and `admin`, which listen already. To `roles` the tenants of the settings are added.
    package init(
        core: SchedulerCore, api: UnixHTTPListener, admin: UnixHTTPListener, settings: LiveSettings<SchedulerSettings>,
        roles hostRoles: RoleTable, logger: Logger
    ) {
        self.core = core
        self.settings = settings
        self.hostRoles = hostRoles
        self.logger = logger
        let roles = LiveRoles(hostRoles)
        self.roles = roles
        let routes = GatewayRoutes.all(core)
        servers = [(api, SocketKind.api), (admin, SocketKind.admin)].map { listener, socket in
            UnixHTTPServer(
                listeners: [listener],
                routes: RouteTable(routes, on: socket, errors: GatewayErrorForm(), logger: logger),
                roles: roles.current, limits: Self.limits(settings.current), logger: logger)
        }
        reconfigure(settings.current)
    }

    /// Reloadable settings have new values. What looks at them by itself has them already.
    package func reconfigure(_ settings: SchedulerSettings) {
        let tenants = TenantDirectory(settings.tenants)
        for name in tenants.unknownNames {
            logger.warning("a tenant names '\(name)', a user or group that this host does not have")
        }
        roles.replace(by: hostRoles.serving(tenants))
    }

    private static func limits(_ settings: SchedulerSettings) -> UnixHTTPLimits {
        UnixHTTPLimits(settings.http, drainSeconds: settings.drainSeconds + farewellSeconds)
    }

    /// Serves until it is told to stop; see the type.
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
            ServiceNotification.extendTimeout(
                bySeconds: settings.current.drainSeconds + Self.farewellSeconds + Self.endSeconds)
            Task { await core.drain() }
        }
    }
}
