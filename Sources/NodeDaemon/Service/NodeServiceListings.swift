// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import DaemonSettings
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the node shows of itself. Nothing here wakes or keeps a model.
extension NodeService {
    /// All instances that live, smallest id first.
    func instances(withMemory: Bool = true) -> [InstanceSummary] {
        pool.sortedInstances.map { id, instance in
            let details = instanceDetails[id]
            let process = details?.processID ?? 0
            return InstanceSummary(
                id: id, template: instance.template, processID: process, model: instance.model.name,
                role: .colocated, state: instance.state, activeTasks: instance.tasks.count,
                maximumTasks: details?.settings.maximumTasks ?? configuration.maximumTasksPerInstance,
                privateBytes: withMemory ? ProcessFacts.privateBytes(of: process) : nil,
                keyValueBytes: details?.settings.keyValueBytes ?? 0, startedAt: details?.startedAt ?? 0,
                startMicroseconds: details?.stages?.total, startStages: details?.stages,
                tasksServed: instance.tasksServed,
                missingSandboxSteps: details?.start?.missingSandboxSteps ?? [])
        }
    }

    /// All templates that live.
    func templates() async -> [TemplateSummary] {
        let resident = await residentBytes()
        let living = pool.templates.templates.filter { $0.value.phase != .ended }
        return living.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, template in
            let process = templateDetails[id]?.processID ?? 0
            var state = TemplateState.ready
            if case .starting = template.phase { state = .starting }
            return TemplateSummary(
                id: id, model: template.model.name, processID: process, state: state,
                loadMicroseconds: templateDetails[id]?.loadMicroseconds, startStages: templateDetails[id]?.stages,
                isPinned: pool.desired[template.model]?.isPinned == true,
                artefactBytes: resident[template.model.digest]?.total,
                residentBytes: resident[template.model.digest]?.resident,
                privateBytes: ProcessFacts.privateBytes(of: process))
        }
    }

    func status() -> NodeStatus {
        var missing: Set<String> = []
        for details in instanceDetails.values { missing.formUnion(details.start?.missingSandboxSteps ?? []) }
        return NodeStatus(
            node: configuration.node, version: Release.version, processID: getpid(),
            keeperProcessID: link.processID, kernel: ProcessFacts.kernelRelease,
            coreCount: max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))), memoryBytes: NodeConfiguration.memoryBytes,
            hasControlGroups: link.controllers != nil, landlockABI: max(0, Int(clinux_landlock_abi())),
            sandboxRemarks: missing.sorted().map { "an instance runs without '\($0)': this kernel or user refused it" },
            sandbox: link.sandbox, deniedCalls: link.deniedCalls, remarks: remarks,
            prewarmedTemplates: link.prewarmedTemplates, models: store.all.count,
            templates: pool.templates.templates.values.count { $0.phase != .ended }, instances: pool.instances.count,
            activeTasks: tasks.values.count { !$0.isOver }, startedAt: startedAt)
    }

    private var remarks: [String] {
        var remarks: [String] = []
        if link.controllers?.contains("memory") != true {
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
        if link.phase != .attached {
            remarks.insert("no keeper is attached: \(link.trouble ?? "it is being attached")", at: 0)
        }
        return remarks
    }

    // MARK: Events

    /// How long a scheduler has, from the beginning of its stream, to ask for the tasks that it still wants.
    private static let claimTime = Duration.seconds(30)

    /// Begins a scheduler's stream, and ends the one before: a node has one scheduler.
    func openEvents() -> EventBacklog {
        events?.finish()
        let backlog = EventBacklog()
        events = backlog
        publish(.hello(node: configuration.node, version: Release.version, processID: getpid()))
        publish(.models(store.all))
        publish(.instances(instances(withMemory: false)))
        if tasks.values.contains(where: \.isUnclaimed) {
            Task {
                try await ContinuousClock().sleep(for: Self.claimTime)
                // Only the scheduler that was given the time.
                if events === backlog { releaseUnclaimed() }
            }
        }
        return backlog
    }

    /// A stream's connection is gone.
    func closeEvents(_ backlog: EventBacklog) {
        backlog.finish()
        if events === backlog { events = nil }
        settle()
    }

    /// Tells the scheduler when an instance came, went or changed its state.
    func publishInstances() {
        let states = pool.instances.mapValues(\.state)
        guard states != publishedInstances else { return }
        publishedInstances = states
        if events != nil { publish(.instances(instances(withMemory: false))) }
    }

    // MARK: Models

    /// The store has a new model or lost one; `outdated` is content that is not to be served any more. What waits for it
    /// gets the content that has the name now.
    func modelsChanged(outdated: [ModelKey]) {
        for model in outdated {
            let successor = store[model.name].map(ModelKey.init)
            if let successor, successor != model { failPinned(to: model) }
            carryOut(pool.retireModel(model, successor: successor, now: .now))
        }
        publish(.models(store.all))
    }

    /// Waiting tasks whose answer began with content that was replaced cannot go on with another.
    private func failPinned(to model: ModelKey) {
        for task in pool.waiting[model] ?? [] where tasks[task]?.submission?.digest == model.digest {
            guard pool.withdraw(task) else { continue }
            fail(task, .modelReplaced, NodeDaemonError.modelReplaced(model.name.text).description)
        }
    }

    /// Removes a model; its instances finish their tasks.
    func removeModel(_ name: ModelName) throws {
        guard let removed = try store.remove(name) else { throw NodeDaemonError.unknownModel(name.text) }
        modelsChanged(outdated: [ModelKey(removed)])
    }
}

extension InstancePool.Instance {
    /// As listings name it.
    var state: InstanceState {
        switch phase {
        case .forked: .forked
        case .specialising, .attaching: .specialising
        case .ready: isCondemned ? .draining : tasks.isEmpty ? .ready : .busy
        case .draining: .draining
        }
    }
}
