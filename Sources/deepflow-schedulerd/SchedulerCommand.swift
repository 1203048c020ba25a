// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ClusterScheduler
internal import Gateway
internal import Logging
internal import ServiceLifecycle
internal import ServingModel
internal import UnixHTTP
internal import UnixSignals

@main
struct SchedulerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deepflow-schedulerd",
        abstract: "Take requests on Unix sockets and have DeepFlow's nodes answer them.",
        discussion: """
            Nodes are found by their sockets in DIR/nodes, in any order of starting.

            Example:
              deepflow-schedulerd --runtime-directory /tmp/df/run --state-directory /tmp/df/state
            """,
        version: Release.version)

    @Option(help: ArgumentHelp("Where api.sock, admin.sock and nodes/ are.", valueName: "DIR"))
    var runtimeDirectory = "/run/deepflow"

    @Option(help: ArgumentHelp("Where scheduler/state.sqlite is kept.", valueName: "DIR"))
    var stateDirectory = "/var/lib/deepflow"

    @Option(help: ArgumentHelp("How long running answers may go on after SIGTERM.", valueName: "SECONDS"))
    var drainSeconds = 30

    func validate() throws {
        guard (0...3600).contains(drainSeconds) else {
            throw ValidationError("--drain-seconds must be from 0 to 3600, not \(drainSeconds)")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "deepflow-schedulerd")
        let configuration = SchedulerConfiguration(
            runtimeDirectory: runtimeDirectory, stateDirectory: stateDirectory, drainSeconds: drainSeconds)
        do {
            let core = try SchedulerCore.open(configuration, logger: logger)
            let sockets = try await SchedulerSockets.bind(configuration)
            let gateway = GatewayService(
                core: core, api: sockets.api, admin: sockets.admin, drainSeconds: drainSeconds, roles: .ofHost(),
                logger: logger)
            let group = ServiceGroup(
                configuration: .init(
                    services: [core, gateway], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
            try await EventLoopTasks.run { try await group.run() }
        } catch let error as SchedulerStartError {
            logger.critical("cannot start: \(error)")
            throw ExitCode(69)
        }
    }
}
