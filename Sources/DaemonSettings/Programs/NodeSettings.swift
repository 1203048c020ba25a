// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What an administrator decides about a node.
package struct NodeSettings: SettingSet {
    /// `deepflow-noded`.
    package static let program = ConfiguredProgram.node

    /// The name of which its socket and its models' folder are called.
    package var node = NodeName.local
    /// Where its sockets and models are.
    package var directories = DirectorySettings()
    /// Who starts the keeper.
    package var keeperSource = KeeperSource.start
    /// What happens where a step of the sandbox is not in force.
    package var sandboxPolicy = SandboxPolicy.report
    /// Whether stopping the daemon also ends its keeper and every instance.
    package var retiresOnStop = false
    /// Seconds that running answers then have to end.
    package var drainSeconds = 10
    /// Instances of one model at most.
    package var maximumInstancesPerModel = 4
    /// Tasks of one instance at most.
    package var maximumTasksPerInstance = 32
    /// Threads that compute in one instance; nil: one for each core.
    package var threadsPerInstance: Int?
    /// Seconds without a task before an instance ends; 0 keeps it.
    package var idleSeconds = 300
    /// Seconds that a silent instance with tasks has to give a sign of life before it is killed.
    package var answerSeconds = 10
    /// Tasks of one model that may wait.
    package var maximumWaitingTasks = 1024
    /// Seconds from the order to a ready instance.
    package var startSeconds = 30
    /// Seconds from the order to a ready template, which reads all of its artefact once.
    package var templateSeconds = 300
    /// Seconds in which an instance that computes must have taken a piece of work.
    package var stallSeconds = 30
    /// Seconds that an order to scale waits for its instances.
    package var scaleSeconds = 120
    /// KV memory of one instance in bytes; nil: enough for its tasks at a usual length.
    package var keyValueBytes: UInt64?
    /// How instances keep keys and values; nil: as the model was packed.
    package var keyValueType: KeyValueType?
    /// Templates without a model that are kept ready.
    package var prewarmedTemplates = 1
    /// Bytes that artefacts may fill by order; nil: half of the machine's memory.
    package var preloadLimit: Int?
    /// Seconds that a scheduler which connects has to ask for the tasks that it still wants.
    package var claimSeconds = 30
    /// Seconds that a scheduler may be away before its tasks are dropped.
    package var absenceSeconds = 300
    /// Bytes of events that may wait for a scheduler which does not read them.
    package var backlogBytes = 16 << 20
    /// What peers of its socket may hold.
    package var http = HTTPSettings()

    package init() {}

    /// In the order of the manual.
    package static let settings: [Setting<NodeSettings>] =
        [
            Setting(
                "node", \.node, .nodeName,
                "The node's name, of which its socket and its models' folder are called.")
        ] + DirectorySettings.settings.map { $0.within(\.directories) } + lifeSettings + instanceSettings
        + schedulerSettings + HTTPSettings.settings.map { $0.within(\.http) }

    private static let lifeSettings: [Setting<NodeSettings>] = [
        Setting(
            "keeper", \.keeperSource, .choice,
            "start: start a keeper where none runs. wait: it is a service of its own."),
        Setting(
            "sandbox", \.sandboxPolicy, .choice,
            "require: refuse to serve where a step of the sandbox is not in force. report: say so."),
        Setting(
            "retire_on_stop", \.retiresOnStop, .boolean, "Stopping the daemon also ends keeper and instances.",
            isReloadable: true),
        Setting(
            "drain_timeout", \.drainSeconds, .seconds(0...3600),
            "How long running answers may go on when a stop ends the instances, too.", isReloadable: true),
        Setting(
            "templates.prewarmed", \.prewarmedTemplates, .count(0...16), "Templates kept ready without a model.",
            flag: "prewarmed-templates", isReloadable: true),
        Setting(
            "templates.start_timeout", \.templateSeconds, .seconds(5...86_400),
            "How long a template may take to read its model and be ready.", isReloadable: true),
        Setting(
            "memory.preload", \.preloadLimit, SettingForm<Int>.size(0...1 << 50).derived("half of the memory"),
            "Memory that artefacts may fill by order (model load --populate).", flag: "preload-memory",
            isReloadable: true),
    ]

    private static let schedulerSettings: [Setting<NodeSettings>] = [
        Setting(
            "schedulers.claim_timeout", \.claimSeconds, .seconds(1...3600),
            "How long a scheduler that connects may take to ask for the tasks that it still wants; the others end.",
            isReloadable: true),
        Setting(
            "schedulers.absence_timeout", \.absenceSeconds, .seconds(1...86_400),
            "How long a scheduler may be away before its tasks end.", isReloadable: true),
        Setting(
            "schedulers.backlog", \.backlogBytes, .size(1 << 20...1 << 30),
            "Events that may wait for a scheduler which does not read; then it is cut off, and asks again.",
            isReloadable: true),
    ]

    private static let instanceSettings: [Setting<NodeSettings>] = [
        Setting(
            "instances.maximum", \.maximumInstancesPerModel, .count(1...256), "Instances of one model at most.",
            flag: "maximum-instances", isReloadable: true),
        Setting(
            "instances.tasks", \.maximumTasksPerInstance, .count(1...1024), "Tasks of one instance at most.",
            flag: "maximum-tasks"),
        Setting(
            "instances.threads", \.threadsPerInstance, SettingForm<Int>.count(1...1024).derived("all cores"),
            """
            Threads of one instance. On a machine with several NUMA nodes an instance with no more threads than one of \
            them has cores stays in one.
            """, flag: "ranks"),
        Setting(
            "instances.idle_timeout", \.idleSeconds, .seconds(0...31_536_000),
            "How long an instance without a task stays; 0 for ever.", flag: "idle-timeout", isReloadable: true),
        Setting(
            "instances.answer_timeout", \.answerSeconds, .seconds(1...3600),
            "How long an instance with tasks, or the keeper, may be silent before it is killed.",
            flag: "answer-timeout", isReloadable: true),
        Setting(
            "instances.waiting_tasks", \.maximumWaitingTasks, .count(0...1_000_000),
            "Tasks of one model that may wait at the node; one more is sent elsewhere.", flag: "waiting-tasks",
            isReloadable: true),
        Setting(
            "instances.start_timeout", \.startSeconds, .seconds(1...3600),
            "How long an instance may take from its order until it is ready.", flag: "start-timeout",
            isReloadable: true),
        Setting(
            "instances.stall_timeout", \.stallSeconds, .seconds(5...3600),
            "How long an instance that computes may take no piece of work before it is killed.",
            flag: "stall-timeout", isReloadable: true),
        Setting(
            "instances.scale_timeout", \.scaleSeconds, .seconds(1...3600),
            "How long an order to scale waits until its instances are ready.", flag: "scale-timeout",
            isReloadable: true),
        Setting(
            "instances.kv_memory", \.keyValueBytes,
            SettingForm<UInt64>.size(1 << 20...1 << 40).derived("by the model, for all tasks at 4,096 tokens"),
            "Memory of one instance for keys and values.", flag: "kv-memory"),
        Setting(
            "instances.kv_type", \.keyValueType, .keyValueType,
            """
            How keys and values are kept: as the model was packed (model) or in 8 bits (q8_0), which halves the memory. \
            All nodes of a scheduler have the same: an answer that goes on at another node would be rounded otherwise.
            """, flag: "kv-type"),
    ]
}

/// What a node does where its processes cannot be confined wholly.
package enum SandboxPolicy: String, Sendable, CaseIterable { case report, require }

/// Where a node's keeper comes from.
package enum KeeperSource: String, Sendable, CaseIterable { case start, wait }

extension SettingForm where Value == KeyValueType? {
    /// `model`, which is nil, or the one type that is worth choosing.
    static var keyValueType: SettingForm {
        let (model, bytes) = ("model", KeyValueType.bytes.rawValue)
        return text(
            kind: "choice", allowed: "\(model) or \(bytes)", schema: .choice([model, bytes]),
            show: { .text($0?.rawValue ?? model) }
        ) { text in
            switch text {
            case model: .some(nil)
            case bytes: .bytes
            default: nil
            }
        }
    }
}

extension SettingForm where Value == NodeName {
    /// A node's name.
    static var nodeName: SettingForm {
        text(
            kind: "name", allowed: "1 to 64 of a-z 0-9 -, a letter first",
            schema: .text(pattern: "^[a-z][a-z0-9-]{0,63}$"), show: { .text($0.text) }, parse: { NodeName($0) })
    }
}
