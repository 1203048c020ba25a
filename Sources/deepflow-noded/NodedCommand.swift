// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import NodeDaemon
import ServingModel

/// The node daemon's command line.
@main struct NodedCommand: AsyncParsableCommand {
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

    func run() async throws {
        do { try await NodeProcess.run(options.configuration) } catch let error as NodeDaemonError
            where error.isConfiguration
        { throw ExitCode(78) }
    }
}
