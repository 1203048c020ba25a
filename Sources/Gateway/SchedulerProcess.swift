// SPDX-License-Identifier: Apache-2.0
package import ClusterScheduler
internal import Logging
internal import ServiceLifecycle
internal import SystemdIntegration
internal import UnixHTTP
internal import UnixSignals

/// The scheduler's daemon from its start to its end.
package enum SchedulerProcess {
    /// Serves until SIGTERM or SIGINT, on the event loops (see `EventLoopTasks.run`). Where it cannot begin it says so in the
    /// log and throws `SchedulerStartError`.
    package static func run(_ configuration: SchedulerConfiguration) async throws {
        ServiceLog.bootstrap(program: "deepflow-schedulerd")
        let logger = Logger(label: "deepflow-schedulerd")
        do {
            let core = try SchedulerCore.open(configuration, logger: logger)
            let sockets = try await SchedulerSockets.bind(configuration)
            let gateway = GatewayService(
                core: core, api: sockets.api, admin: sockets.admin, drainSeconds: configuration.drainSeconds,
                roles: .ofHost(), logger: logger)
            let group = ServiceGroup(
                configuration: .init(
                    services: [core, gateway], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
            try await group.run()
        } catch let error as SchedulerStartError {
            logger.critical("cannot start", metadata: .about([:], kind: .daemonRefuses, ["reason": "\(error)"]))
            throw error
        }
    }
}
