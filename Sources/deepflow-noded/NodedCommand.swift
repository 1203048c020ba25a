// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import NodeDaemon
import ServingModel
import UnixHTTP

/// The node daemon's command line.
@main struct NodedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deepflow-noded",
        abstract: "Serve models on this machine: templates, instances, model store.",
        discussion: """
            Example: deepflow-noded --runtime-directory /run/user/1000/deepflow \\
                         --state-directory ~/.local/state/deepflow

            It listens on RUNTIME/nodes/NODE.sock and starts its keeper where none runs.
            Instances outlive it: the next daemon of the same node finds them.
            """,
        version: "deepflow-noded \(Release.version)")

    @OptionGroup var options: NodeOptions
    @Option(help: ArgumentHelp("Stop as on SIGTERM when this process ends.", valueName: "PID"))
    var parentProcess: Int32?

    func validate() throws {
        guard parentProcess ?? 1 > 0 else { throw ValidationError("--parent-process is the number of a process.") }
    }

    func run() throws {
        do {
            try EventLoopTasks.run(endingWith: parentProcess) { [configuration = options.configuration] in
                try await NodeProcess.run(configuration)
            }
        } catch let error as NodeDaemonError where error.isConfiguration {
            throw ExitCode(78)
        }
    }
}
