// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import DaemonSettings
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the node shows of itself.
extension NodeSnapshot {
    /// All instances that live, smallest id first.
    func instances() -> [InstanceSummary] {
        pool.summaries(configuration, privateBytes: ProcessFacts.privateBytes(of:))
    }

    /// All templates that live, smallest id first; `resident` tells how much of each content is in memory.
    func templates(resident: [String: Residence]) -> [TemplateSummary] {
        pool.templates.sorted.filter { $0.value.phase != .ended }.map { id, template in
            let content = template.label.content
            var state = TemplateState.ready
            if case .starting = template.phase { state = .starting }
            return TemplateSummary(
                id: id, model: pool.names.shown(template.label.name, for: content), processID: template.processID,
                state: state, loadMicroseconds: template.loadMicroseconds, startStages: template.stages,
                isPinned: pool.isPinned(content), artefactBytes: resident[content]?.total,
                residentBytes: resident[content]?.resident,
                privateBytes: ProcessFacts.privateBytes(of: template.processID))
        }
    }

    /// The node as a whole.
    func status() -> NodeStatus {
        var missing: Set<String> = []
        for instance in pool.instances.all { missing.formUnion(instance.start?.missingSandboxSteps ?? []) }
        return NodeStatus(
            node: configuration.node, version: Release.version, processID: ProcessFacts.ownProcessID,
            keeperProcessID: keeper.processID, kernel: ProcessFacts.kernelRelease,
            coreCount: NodeConfiguration.coreCount, memoryBytes: NodeConfiguration.memoryBytes,
            hasControlGroups: keeper.controllers != nil, landlockABI: max(0, Int(clinux_landlock_abi())),
            sandboxRemarks: missing.sorted().map { "an instance runs without '\($0)': this kernel or user refused it" },
            sandbox: keeper.sandbox, deniedCalls: keeper.deniedCalls, remarks: remarks,
            prewarmedTemplates: keeper.prewarmedTemplates, models: pool.names.count,
            templates: pool.templates.livingCount, instances: pool.instances.count,
            activeTasks: pool.tasks.activeCount, startedAt: startedAt)
    }

    private var remarks: [String] {
        var remarks: [String] = []
        if !keeper.isAttached { remarks.append("no keeper is attached: \(keeper.trouble ?? "it is being attached")") }
        if keeper.controllers?.contains("memory") != true {
            remarks.append(
                "no memory controller: a kill for want of memory cannot be told from another one, and memory is not "
                    + "accounted per model")
        }
        if ProcessPriority.current > ProcessPriority.daemon {
            remarks.append(
                "this user may not raise priorities: instances run at nice +\(ProcessPriority.work), the daemons at "
                    + "\(ProcessPriority.current) and not at \(ProcessPriority.daemon), so under full load starts and hops "
                    + "take longer")
        }
        return remarks
    }
}
