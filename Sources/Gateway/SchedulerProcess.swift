// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
package import DaemonSettings
internal import Logging
internal import ServiceLifecycle
package import SettingFiles
internal import SystemdIntegration
internal import UnixHTTP
internal import UnixSignals

/// The scheduler's daemon from its start to its end.
package enum SchedulerProcess {
    /// Serves until SIGTERM or SIGINT, on the event loops (see `EventLoopTasks.run`), with the settings of `live`, which are
    /// read again from `sources` on SIGHUP. Where it cannot begin, or must stop, it says so in the log and throws `SchedulerStartError` or
    /// `SchedulerReplaced`.
    package static func run(_ live: LiveSettings<SchedulerSettings>, sources: SettingSources) async throws {
        ServiceLog.bootstrap(program: "deepflow-schedulerd")
        let logger = Logger(label: "deepflow-schedulerd")
        do {
            let core = try SchedulerCore.open(live, logger: logger)
            let sockets = try await SchedulerSockets.bind(SchedulerConfiguration(live.current))
            let gateway = GatewayService(
                core: core, api: sockets.api, admin: sockets.admin, settings: live, roles: .ofHost(), logger: logger)
            let reload = SettingsReload(live, sources: sources, logger: logger) { settings in
                core.reconfigure(settings)
                gateway.reconfigure(settings)
            }
            let group = ServiceGroup(
                configuration: .init(
                    services: [core, gateway, reload], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
            try await group.run()
        } catch let error as SchedulerStartError {
            logger.critical("cannot start", metadata: .about([:], kind: .daemonRefuses, ["reason": "\(error)"]))
            throw error
        } catch let error as SchedulerReplaced {
            logger.critical("stopped", metadata: .about([:], kind: .daemonRefuses, ["reason": "\(error)"]))
            throw error
        }
    }
}
