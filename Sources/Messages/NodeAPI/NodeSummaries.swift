// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A model in a node's store, as `model list` shows it.
package struct ModelSummary: Hashable, Sendable, Codable {
    package var name: ModelName
    /// Of the artefact's content; equal content has equal digests.
    package var digest: String
    /// As the checkpoint names it, e.g. `llama`.
    package var architecture: String
    package var parameterCount: UInt64
    package var contextLength: Int
    package var vocabularySize: Int
    /// Kernel layout of most of its weights, e.g. `panel-f16`.
    package var layout: String
    /// Size of the artefact.
    package var byteCount: Int
    /// KV memory that one token of context takes.
    package var keyValueBytesPerToken: Int
    /// Seconds since 1970.
    package var createdAt: Double
    /// Of the checkpoint's bytes as they were sent, by which the same one is known again; nil where an older release
    /// packed it.
    package var checkpointDigest: String?
    /// How many bytes were sent.
    package var checkpointBytes: Int?
    /// How the model's makers want tokens chosen where a client says nothing; nil where the checkpoint is silent.
    package var sampling: SamplingDefaults?

    package init(
        name: ModelName, digest: String, architecture: String, parameterCount: UInt64, contextLength: Int,
        vocabularySize: Int, layout: String, byteCount: Int, keyValueBytesPerToken: Int, createdAt: Double,
        checkpointDigest: String? = nil, checkpointBytes: Int? = nil, sampling: SamplingDefaults? = nil
    ) {
        self.name = name
        self.digest = digest
        self.architecture = architecture
        self.parameterCount = parameterCount
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.layout = layout
        self.byteCount = byteCount
        self.keyValueBytesPerToken = keyValueBytesPerToken
        self.createdAt = createdAt
        self.checkpointDigest = checkpointDigest
        self.checkpointBytes = checkpointBytes
        self.sampling = sampling
    }
}

/// Where an instance stands.
///
/// - `forked`: ordered; goes to `specialising` or `exited`.
/// - `specialising`: confines itself and maps its memory; goes to `ready` or `exited`.
/// - `ready`: has no task; goes to `busy`, `draining`, `exited`.
/// - `busy`: works; goes to `ready`, `draining`, `exited`.
/// - `draining`: takes no more tasks; goes to `exited`.
/// - `exited`: final.
package enum InstanceState: String, Hashable, Sendable, Codable, CaseIterable {
    case forked, specialising, ready, busy, draining, exited
}

/// An instance as `ps` and `instance list` show it.
package struct InstanceSummary: Hashable, Sendable, Codable {
    package var id: InstanceID
    package var template: TemplateID
    package var processID: Int32
    package var model: ModelName
    package var role: InstanceRole
    package var state: InstanceState
    package var activeTasks: Int
    package var maximumTasks: Int
    /// Private memory as the kernel counts it (RssAnon of its status); nil where it could not be read.
    package var privateBytes: Int?
    package var keyValueBytes: UInt64
    /// Seconds since 1970.
    package var startedAt: Double
    /// From the order to ready; nil while it starts.
    package var startMicroseconds: Int?
    /// The same by stages.
    package var startStages: StartStages?
    /// Tasks that it was given since the node's daemon knows it.
    package var tasksServed: Int
    /// Sandbox steps that are not in force in it; normally empty.
    package var missingSandboxSteps: [String]

    package init(
        id: InstanceID, template: TemplateID, processID: Int32, model: ModelName, role: InstanceRole,
        state: InstanceState, activeTasks: Int, maximumTasks: Int, privateBytes: Int?, keyValueBytes: UInt64,
        startedAt: Double, startMicroseconds: Int?, startStages: StartStages? = nil, tasksServed: Int = 0,
        missingSandboxSteps: [String]
    ) {
        self.id = id
        self.template = template
        self.processID = processID
        self.model = model
        self.role = role
        self.state = state
        self.activeTasks = activeTasks
        self.maximumTasks = maximumTasks
        self.privateBytes = privateBytes
        self.keyValueBytes = keyValueBytes
        self.startedAt = startedAt
        self.startMicroseconds = startMicroseconds
        self.startStages = startStages
        self.tasksServed = tasksServed
        self.missingSandboxSteps = missingSandboxSteps
    }
}

/// Where a template stands.
package enum TemplateState: String, Hashable, Sendable, Codable, CaseIterable {
    case starting, ready, ended
}

/// A template as listings show it.
package struct TemplateSummary: Hashable, Sendable, Codable {
    package var id: TemplateID
    package var model: ModelName
    package var processID: Int32
    package var state: TemplateState
    /// From the order to ready; nil while it starts.
    package var loadMicroseconds: Int?
    /// The same by stages, seen from the daemon that ordered it.
    package var startStages: StartStages?
    /// Kept although nobody uses it.
    package var isPinned: Bool
    /// Size of the artefact that it maps, and how much of that is in memory; nil where it cannot be told.
    package var artefactBytes: Int?
    package var residentBytes: Int?
    package var privateBytes: Int?

    package init(
        id: TemplateID, model: ModelName, processID: Int32, state: TemplateState, loadMicroseconds: Int?,
        startStages: StartStages? = nil, isPinned: Bool = false, artefactBytes: Int? = nil,
        residentBytes: Int? = nil, privateBytes: Int?
    ) {
        self.id = id
        self.model = model
        self.processID = processID
        self.state = state
        self.loadMicroseconds = loadMicroseconds
        self.startStages = startStages
        self.isPinned = isPinned
        self.artefactBytes = artefactBytes
        self.residentBytes = residentBytes
        self.privateBytes = privateBytes
    }
}

/// A node as `node status` shows it.
package struct NodeStatus: Hashable, Sendable, Codable {
    package var node: NodeName
    package var version: String
    package var processID: Int32
    /// nil while no keeper is attached.
    package var keeperProcessID: Int32?
    package var kernel: String
    package var coreCount: Int
    package var memoryBytes: Int
    /// Whether instances get control groups of their own.
    package var hasControlGroups: Bool
    /// Landlock's ABI; 0 where the kernel has none.
    package var landlockABI: Int
    /// Sandbox steps that are not in force in some instance, with a word on each; normally empty.
    package var sandboxRemarks: [String]
    /// How templates and instances are confined; nil until the keeper has told.
    package var sandbox: SandboxState?
    /// System calls that were denied since the keeper began.
    package var deniedCalls: Int
    /// What the node wants its administrator to know, in sentences.
    package var remarks: [String]
    /// Templates without a model that wait for one.
    package var prewarmedTemplates: Int
    package var models: Int
    package var templates: Int
    package var instances: Int
    package var activeTasks: Int
    /// Seconds since 1970.
    package var startedAt: Double

    package init(
        node: NodeName, version: String, processID: Int32, keeperProcessID: Int32?, kernel: String, coreCount: Int,
        memoryBytes: Int, hasControlGroups: Bool, landlockABI: Int, sandboxRemarks: [String],
        sandbox: SandboxState? = nil, deniedCalls: Int = 0, remarks: [String], prewarmedTemplates: Int = 0, models: Int,
        templates: Int, instances: Int, activeTasks: Int, startedAt: Double
    ) {
        self.node = node
        self.version = version
        self.processID = processID
        self.keeperProcessID = keeperProcessID
        self.kernel = kernel
        self.coreCount = coreCount
        self.memoryBytes = memoryBytes
        self.hasControlGroups = hasControlGroups
        self.landlockABI = landlockABI
        self.sandboxRemarks = sandboxRemarks
        self.sandbox = sandbox
        self.deniedCalls = deniedCalls
        self.remarks = remarks
        self.prewarmedTemplates = prewarmedTemplates
        self.models = models
        self.templates = templates
        self.instances = instances
        self.activeTasks = activeTasks
        self.startedAt = startedAt
    }
}
