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

    @Option(help: "The node's name: 1 to 64 of a-z 0-9 -.") var node = "local"
    @Option(help: "Directory of the sockets.") var runtimeDirectory = "/run/deepflow"
    @Option(help: "Directory of the models.") var stateDirectory = "/var/lib/deepflow"
    @Option(help: "Instances of one model at most.") var maximumInstances = 4
    @Option(help: "Tasks of one instance at most.") var maximumTasks = 32
    @Option(help: "KV memory of an instance in MiB; default by model.") var kvMebibytes: UInt64?
    @Option(help: "Threads of an instance; default: all cores.") var ranks: Int?
    @Option(help: "Seconds until an idle instance ends; 0: never.") var idleTimeout = 300
    @Option(help: .hidden) var answerTimeout = 10
    @Flag(help: "Stopping the daemon also ends keeper and instances.") var retireOnStop = false
    @Option(help: "Seconds that running answers then have to end.") var drainSeconds = 10

    func validate() throws {
        guard NodeName(node) != nil else {
            throw ValidationError("--node has 1 to 64 of a-z 0-9 - and begins with a letter.")
        }
        guard (1...256).contains(maximumInstances) else { throw ValidationError("--maximum-instances is 1 to 256.") }
        guard (1...1024).contains(maximumTasks) else { throw ValidationError("--maximum-tasks is 1 to 1024.") }
        guard (1...1024).contains(ranks ?? 1) else { throw ValidationError("--ranks is 1 to 1024.") }
        guard (1...1 << 20).contains(kvMebibytes ?? 1) else { throw ValidationError("--kv-mebibytes is 1 to 1048576.") }
        guard (0...3600).contains(drainSeconds), (1...3600).contains(answerTimeout) else {
            throw ValidationError("--drain-seconds is 0 to 3600, --answer-timeout 1 to 3600.")
        }
        guard (0...31_536_000).contains(idleTimeout) else { throw ValidationError("--idle-timeout is 0 to a year.") }
    }

    func run() async throws {
        var settings = NodeConfiguration(
            node: NodeName(node) ?? .local, runtimeDirectory: runtimeDirectory, stateDirectory: stateDirectory)
        settings.maximumInstancesPerModel = maximumInstances
        settings.maximumTasksPerInstance = maximumTasks
        settings.keyValueBytes = kvMebibytes.map { $0 << 20 }
        if let ranks { settings.rankCount = ranks }
        settings.idleSeconds = idleTimeout
        settings.answerSeconds = answerTimeout
        settings.retiresOnStop = retireOnStop
        settings.drainSeconds = drainSeconds
        try await NodeProcess.run(settings)
    }
}
