// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ClusterScheduler
internal import Gateway
internal import ServingModel
internal import UnixHTTP

@main
struct SchedulerCommand: ParsableCommand {
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

    @Option(help: ArgumentHelp("Stop as on SIGTERM when this process ends.", valueName: "PID"))
    var parentProcess: Int32?

    func validate() throws {
        guard parentProcess ?? 1 > 0 else { throw ValidationError("--parent-process is the number of a process") }
        guard (0...3600).contains(drainSeconds) else {
            throw ValidationError("--drain-seconds must be from 0 to 3600, not \(drainSeconds)")
        }
    }

    func run() throws {
        let configuration = SchedulerConfiguration(
            runtimeDirectory: runtimeDirectory, stateDirectory: stateDirectory, drainSeconds: drainSeconds)
        do {
            try EventLoopTasks.run(endingWith: parentProcess) { try await SchedulerProcess.run(configuration) }
        } catch is SchedulerStartError {
            throw ExitCode(69)
        }
    }
}
