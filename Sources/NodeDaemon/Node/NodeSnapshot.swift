// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The node at one time, for listings: they are functions of this value and of what /proc says, and never wake or keep a
/// model.
struct NodeSnapshot: Sendable {
    let configuration: NodeConfiguration
    let pool: InstancePool
    let keeper: KeeperSession
    let startedAt: Double

    init(_ node: NodeMachine) {
        (configuration, pool, keeper, startedAt) = (node.configuration, node.pool, node.keeper, node.startedAt)
    }

    /// Contents whose artefacts are in use.
    var contents: Set<String> { Set(pool.templates.records.values.map(\.label.content)) }
}

extension InstancePool {
    /// All instances that live, smallest id first. An instance is shown under the name that it was started for, as long as
    /// that stands for its content; then under another one of the content.
    func summaries(
        _ configuration: NodeConfiguration, privateBytes: (_ process: Int32) -> Int?
    ) -> [InstanceSummary] {
        instances.sorted.map { id, instance in
            InstanceSummary(
                id: id, template: instance.template, processID: instance.processID,
                model: names.shown(instance.name, for: instance.pool.content), role: instance.pool.role,
                state: instance.state(hasTasks: tasks.count(at: id) > 0), activeTasks: tasks.count(at: id),
                maximumTasks: instance.settings?.maximumTasks ?? configuration.maximumTasksPerInstance,
                privateBytes: privateBytes(instance.processID), keyValueBytes: instance.settings?.keyValueBytes ?? 0,
                startedAt: instance.startedAt, startMicroseconds: instance.stages?.total, startStages: instance.stages,
                tasksServed: instance.tasksServed, missingSandboxSteps: instance.start?.missingSandboxSteps ?? [])
        }
    }
}
