// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import Messages
package import ServingModel

/// What a node daemon is told at its start.
package struct NodeConfiguration: Sendable {
    package var node: NodeName
    /// Where sockets are: `nodes/NODE.sock`, `keepers/NODE.sock`.
    package var runtimeDirectory: String
    /// Where the models are, under `node/NODE/models`.
    package var stateDirectory: String
    package var maximumInstancesPerModel = 4
    package var maximumTasksPerInstance = 32
    /// KV memory of one instance; nil: enough for its tasks at a usual length, see `settings(for:)`.
    package var keyValueBytes: UInt64?
    /// How instances keep keys and values.
    package var keyValueType = KeyValueType.model
    /// Threads that compute in one instance.
    package var rankCount = max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
    /// Seconds without a task before an instance ends; 0 keeps it.
    package var idleSeconds = 300
    /// Seconds that a silent instance with tasks has to give a sign of life before it is killed.
    package var answerSeconds = 10
    /// Templates without a model that are kept ready.
    package var prewarmedTemplates = 1
    /// Memory that artefacts may fill by order; half of the machine's unless it is told otherwise.
    package var preloadBytes = NodeConfiguration.memoryBytes / 2
    /// Whether stopping the daemon also ends its keeper and every instance.
    package var retiresOnStop = false
    /// Seconds that running answers then have to end.
    package var drainSeconds = 10

    /// Seconds that a stop may take at most: connections end, running answers before them where the instances are to end
    /// too, and the keeper after them.
    var stopSeconds: Int { 30 + (retiresOnStop ? drainSeconds + 10 : 0) }

    /// Whether the daemon starts its keeper where none runs; else a service manager does.
    package var startsKeeper = true
    /// Whether the node refuses to serve where a step of the sandbox is not in force.
    package var requiresSandbox = false

    package init(node: NodeName, runtimeDirectory: String, stateDirectory: String) {
        self.node = node
        self.runtimeDirectory = runtimeDirectory
        self.stateDirectory = stateDirectory
    }

    /// The node API's socket.
    package var socketPath: String { "\(runtimeDirectory)/nodes/\(node).sock" }
    /// The keeper's socket.
    package var keeperPath: String { "\(runtimeDirectory)/keepers/\(node).sock" }
    /// Everything that the daemon keeps, for one daemon alone.
    package var nodeDirectory: String { "\(stateDirectory)/node/\(node)" }
    package var modelDirectory: String { "\(nodeDirectory)/models" }

    /// Tokens of context per task that an instance has KV memory for unless it is told otherwise.
    private static let usualContext = 4096
    private static let pageBytes: UInt64 = 4096

    /// What an instance of `model` gets: KV memory for all its tasks at up to 4,096 tokens each, at least for one task
    /// at the model's full context, at most a quarter of the machine.
    package func settings(for model: ModelSummary) -> InstanceSettings {
        let perToken = keyValueType.byteCount(ofHalves: UInt64(clamping: model.keyValueBytesPerToken))
        let context = UInt64(clamping: min(model.contextLength, Self.usualContext))
        let usual = Self.product(perToken, context, UInt64(clamping: maximumTasksPerInstance))
        let whole = Self.product(perToken, UInt64(clamping: model.contextLength), 1)
        let bytes = keyValueBytes ?? min(max(usual, whole), UInt64(clamping: Self.memoryBytes) / 4)
        // Whole pages, and never nothing.
        let pages = max(1, (min(bytes, 1 << 43) + Self.pageBytes - 1) / Self.pageBytes)
        return InstanceSettings(
            keyValueBytes: pages * Self.pageBytes, rankCount: rankCount, maximumTasks: maximumTasksPerInstance,
            keyValueType: keyValueType)
    }

    /// Physical memory of the machine.
    static var memoryBytes: Int {
        let (bytes, overflow) = sysconf(CInt(_SC_PHYS_PAGES)).multipliedReportingOverflow(
            by: sysconf(CInt(_SC_PAGESIZE)))
        return overflow ? .max : bytes
    }

    private static func product(_ first: UInt64, _ second: UInt64, _ third: UInt64) -> UInt64 {
        let (part, isOver) = first.multipliedReportingOverflow(by: second)
        let (whole, isOverToo) = part.multipliedReportingOverflow(by: third)
        return isOver || isOverToo ? .max : whole
    }
}
