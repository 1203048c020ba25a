// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ServingModel

/// The node daemon's options, checked, and the configuration that they make.
package struct NodeOptions: ParsableArguments {
    @Option(help: "The node's name: 1 to 64 of a-z 0-9 -.") var node = "local"
    @Option(help: "Directory of the sockets.") var runtimeDirectory = "/run/deepflow"
    @Option(help: "Directory of the models.") var stateDirectory = "/var/lib/deepflow"
    @Option(help: "Instances of one model at most.") var maximumInstances = 4
    @Option(help: "Tasks of one instance at most.") var maximumTasks = 32
    @Option(help: "KV memory of an instance in MiB; default by model.") var kvMebibytes: Int?
    @Option(help: "Keys and values as the model was packed (model), or in 8 bits (q8_0): half the memory.")
    var kvType = KeyValueType.model
    @Option(
        help: ArgumentHelp(
            "Threads of an instance; default: all cores.",
            discussion: """
                Where the machine has several NUMA nodes, an instance with no more threads than one of them has cores \
                stays in one.
                """)) var ranks: Int?
    @Option(help: "Seconds until an idle instance ends; 0: never.") var idleTimeout = 300
    @Option(help: "Templates kept ready without a model.") var prewarmedTemplates = 1
    @Option(help: "MiB of artefacts read in by order; default: half of memory.") var preloadMebibytes: Int?
    @Option(help: "require: refuse to serve where a step of the sandbox is missing; report: say so.")
    var sandbox = SandboxPolicy.report
    @Option(help: "start: start a keeper where none runs; wait: it is a service of its own.")
    var keeper = KeeperSource.start
    @Option(help: .hidden) var answerTimeout = 10
    @Flag(help: "Stopping the daemon also ends keeper and instances.") var retireOnStop = false
    @Option(help: "Seconds that running answers then have to end.") var drainSeconds = 10

    package init() {}

    package func validate() throws {
        guard NodeName(node) != nil else {
            throw ValidationError("--node has 1 to 64 of a-z 0-9 - and begins with a letter.")
        }
        let bounds: [(String, Int, ClosedRange<Int>)] = [
            ("--maximum-instances", maximumInstances, 1...256), ("--maximum-tasks", maximumTasks, 1...1024),
            ("--ranks", ranks ?? 1, 1...1024), ("--kv-mebibytes", kvMebibytes ?? 1, 1...1 << 20),
            ("--drain-seconds", drainSeconds, 0...3600), ("--answer-timeout", answerTimeout, 1...3600),
            ("--idle-timeout", idleTimeout, 0...31_536_000), ("--prewarmed-templates", prewarmedTemplates, 0...16),
            ("--preload-mebibytes", preloadMebibytes ?? 0, 0...1 << 30),
        ]
        for (name, value, range) in bounds where !range.contains(value) {
            throw ValidationError("\(name) is \(range.lowerBound) to \(range.upperBound).")
        }
    }

    /// What a node daemon with these options is told.
    package var configuration: NodeConfiguration {
        var settings = NodeConfiguration(
            node: NodeName(node) ?? .local, runtimeDirectory: runtimeDirectory, stateDirectory: stateDirectory)
        settings.maximumInstancesPerModel = maximumInstances
        settings.maximumTasksPerInstance = maximumTasks
        settings.keyValueBytes = kvMebibytes.map { UInt64($0) << 20 }
        settings.keyValueType = kvType
        if let ranks { settings.rankCount = ranks }
        settings.idleSeconds = idleTimeout
        settings.prewarmedTemplates = prewarmedTemplates
        if let preloadMebibytes { settings.preloadBytes = preloadMebibytes << 20 }
        settings.answerSeconds = answerTimeout
        settings.retiresOnStop = retireOnStop
        settings.drainSeconds = drainSeconds
        settings.startsKeeper = keeper == .start
        settings.requiresSandbox = sandbox == .require
        return settings
    }
}

extension KeyValueType: ExpressibleByArgument {}

/// What a node does where its processes cannot be confined wholly.
package enum SandboxPolicy: String, Sendable, ExpressibleByArgument { case report, require }

/// Where a node's keeper comes from.
package enum KeeperSource: String, Sendable, ExpressibleByArgument { case start, wait }
