// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import Glibc
package import Messages
package import ServingModel

/// What a node daemon is told at its start: the administrator's settings, under their own names, and what follows from
/// them on this machine.
@dynamicMemberLookup
package struct NodeConfiguration: Sendable {
    /// What the administrator decided.
    package var settings: NodeSettings

    package init(_ settings: NodeSettings) {
        self.settings = settings
    }

    /// The defaults, in other directories.
    package init(node: NodeName, runtimeDirectory: String, stateDirectory: String) {
        settings = NodeSettings()
        settings.node = node
        settings.directories.runtimeDirectory = runtimeDirectory
        settings.directories.stateDirectory = stateDirectory
    }

    /// A setting under its own name.
    package subscript<Value>(dynamicMember setting: WritableKeyPath<NodeSettings, Value>) -> Value {
        get { settings[keyPath: setting] }
        set { settings[keyPath: setting] = newValue }
    }

    /// Where sockets are: `nodes/NODE.sock`, `keepers/NODE.sock`.
    package var runtimeDirectory: String { settings.directories.runtimeDirectory }
    /// Threads that compute in one instance: one for each core unless it is told otherwise.
    package var rankCount: Int {
        settings.threadsPerInstance ?? Self.coreCount
    }
    /// Memory that artefacts may fill by order, in bytes; half of the machine's unless it is told otherwise.
    package var preloadBytes: Int { settings.preloadLimit ?? Self.memoryBytes / 2 }
    /// Seconds that a stop may take at most: connections end, running answers before them where the instances are to end
    /// too, and the keeper after them.
    var stopSeconds: Int { 30 + (settings.retiresOnStop ? settings.drainSeconds + 10 : 0) }
    /// Whether the daemon starts its keeper where none runs; else a service manager does.
    package var startsKeeper: Bool { settings.keeperSource == .start }
    /// Whether the node refuses to serve where a step of the sandbox is not in force.
    package var requiresSandbox: Bool { settings.sandboxPolicy == .require }

    /// The node API's socket.
    package var socketPath: String { "\(runtimeDirectory)/nodes/\(settings.node).sock" }
    /// The keeper's socket.
    package var keeperPath: String { "\(runtimeDirectory)/keepers/\(settings.node).sock" }
    /// Everything that the daemon keeps, for one daemon alone.
    package var nodeDirectory: String { "\(settings.directories.stateDirectory)/node/\(settings.node)" }
    /// The models that the node has.
    package var modelDirectory: String { "\(nodeDirectory)/models" }

    /// What the pool of instances keeps to.
    var poolLimits: InstancePool.Limits {
        InstancePool.Limits(
            instancesPerModel: settings.maximumInstancesPerModel, tasksPerInstance: settings.maximumTasksPerInstance,
            waitingTasks: settings.maximumWaitingTasks,
            idleSeconds: settings.idleSeconds > 0 ? settings.idleSeconds : nil, startSeconds: settings.startSeconds,
            templateSeconds: settings.templateSeconds, answerSeconds: settings.answerSeconds,
            stallSeconds: settings.stallSeconds)
    }

    /// How long schedulers are waited for.
    var schedulerLimits: SchedulerTable.Limits {
        SchedulerTable.Limits(claimSeconds: settings.claimSeconds, absenceSeconds: settings.absenceSeconds)
    }

    /// Tokens of context per task that an instance has KV memory for unless it is told otherwise.
    private static let usualContext = 4096
    private static let pageBytes: UInt64 = 4096

    /// What an instance of `model` gets: KV memory for all its tasks at up to 4,096 tokens each, at least for one task
    /// at the model's full context, at most a quarter of the machine.
    package func settings(for model: ModelSummary) -> InstanceSettings {
        let packed = UInt64(clamping: model.keyValueBytesPerToken)
        // Nearly all models are packed for fp16; one that is not gets more than it needs.
        let perToken = settings.keyValueType?.byteCount(fp16Bytes: packed) ?? packed
        let context = UInt64(clamping: min(model.contextLength, Self.usualContext))
        let usual = Self.product(perToken, context, UInt64(clamping: settings.maximumTasksPerInstance))
        let whole = Self.product(perToken, UInt64(clamping: model.contextLength), 1)
        let bytes = settings.keyValueBytes ?? min(max(usual, whole), UInt64(clamping: Self.memoryBytes) / 4)
        // Whole pages, and never nothing.
        let pages = max(1, (min(bytes, 1 << 43) + Self.pageBytes - 1) / Self.pageBytes)
        return InstanceSettings(
            keyValueBytes: pages * Self.pageBytes, rankCount: rankCount, maximumTasks: settings.maximumTasksPerInstance,
            keyValueType: settings.keyValueType)
    }

    /// Cores of the machine. Asked once, as the memory is: the kernel is asked by files, and every fork needs both.
    static let coreCount = max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))

    /// Physical memory of the machine.
    static let memoryBytes = {
        let (bytes, overflow) = sysconf(CInt(_SC_PHYS_PAGES)).multipliedReportingOverflow(
            by: sysconf(CInt(_SC_PAGESIZE)))
        return overflow ? Int.max : bytes
    }()

    private static func product(_ first: UInt64, _ second: UInt64, _ third: UInt64) -> UInt64 {
        let (part, isOver) = first.multipliedReportingOverflow(by: second)
        let (whole, isOverToo) = part.multipliedReportingOverflow(by: third)
        return isOver || isOverToo ? .max : whole
    }
}
