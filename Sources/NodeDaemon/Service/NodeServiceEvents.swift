// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import Glibc
internal import LinuxKernel
internal import Logging
internal import Messages
internal import ServingModel
internal import SystemdIntegration

/// What keeper and instances tell.
extension NodeService {
    /// One event of the reactor.
    func take(_ event: ReactorEvent) {
        switch event {
        case .keeper(let event): take(event)
        case .keeperLost(let reason): keeperLost(reason)
        case .instance(let instance, let message): take(message, from: instance)
        case .instanceAnswered(let instance, let time): answered(instance, at: time)
        case .instanceBroken(let instance, let reason):
            carryOut(pool.instanceMisbehaved(instance, reason: reason))
        case .instanceClosed: break  // Its end follows from the keeper, with the reason.
        case .alarm: alarmRang()
        }
    }

    private func keeperLost(_ reason: String) {
        let wasRetiring = link.phase == .retiring
        link.heard()
        link.phase = .detached
        link.processID = nil
        guard !wasRetiring else { return retired() }
        link.trouble = reason
        logger.error(
            "lost the keeper; looking for it", metadata: .about([:], kind: .keeperLost, ["reason": "\(reason)"]))
        Task { await connectKeeper() }
    }

    // MARK: Keeper

    /// The keeper has not answered an order for so long that nothing good can be expected of it. One that this node
    /// started is killed, and its instances with it; else the service manager's watchdog does that.
    func keeperHung() {
        let reason = "the keeper does not answer"
        if configuration.startsKeeper, let process = link.processID, kill(process, SIGKILL) == 0 {
            logger.error(
                "killed the keeper, which did not answer",
                metadata: .about([:], kind: .keeperLost, ["pid": "\(process)"]))
        }
        reactor.detachKeeper()
        keeperLost(reason)
    }

    private func take(_ event: FromKeeper) {
        link.heard()
        switch event {
        case .welcome(let process, let controllers):
            link.processID = process
            link.controllers = controllers
            link.trouble = nil
        case .sandbox(let state, let denied): sandbox(state, denied)
        case .stateComplete: stateComplete()
        case .prewarmed(let count): link.prewarmedTemplates = count
        case .templateStarting(let id, let model, let process): templateStarting(id, model, process)
        case .templateReady(let id, let readiness):
            noteReadiness(of: id, readiness)
            // What is forked now has waited for it.
            freshTemplate = id
            carryOut(pool.templateReady(id, now: .now))
            freshTemplate = nil
        case .templateEnded(let id, let status, let message):
            let text = status.sentence(with: message)
            logger.info("a template ended", metadata: .about([.template: id], ["reason": "\(text)"]))
            carryOut(pool.templateEnded(id, message: text, now: .now))
        case .instanceRunning(let id, let running): instanceRunning(id, running)
        case .instanceEnded(let id, let status, let message):
            let text = status.sentence(with: message)
            logger.noteEnd(of: id, model: pool.instances[id]?.model.name, status, text)
            metrics.noteEnd(status)
            carryOut(pool.instanceEnded(id, status: status, message: text, now: .now))
        // Held for a daemon before this one, which has no use for it.
        case .held(let key): reactor.order(.release(key))
        case .notHeld(let key, let message):
            logger.warning("the keeper holds no descriptor", metadata: ["key": "\(key)", "message": "\(message)"])
        }
    }

    private func sandbox(_ state: SandboxState, _ denied: UInt32) {
        if link.sandbox != state {
            for missing in state.missing {
                logger.warning(
                    "a sandbox step is not in force",
                    metadata: .about([:], kind: .sandboxIncomplete, ["step": "\(missing)"]))
            }
        }
        link.sandbox = state
        link.deniedCalls = Int(denied)
        guard configuration.requiresSandbox else { return }
        guard state.missing.isEmpty, state.deniedCalls != .allowed else {
            return refuse(.sandboxRequired(state.missing.joined(separator: "; ")))
        }
        if link.awaitsSandbox { stateComplete() }
    }

    private func stateComplete() {
        // A node that must not serve without its sandbox takes up nothing before it knows.
        link.awaitsSandbox = configuration.requiresSandbox && link.sandbox == nil
        guard !link.awaitsSandbox else { return }
        link.phase = .attached
        ServiceNotification.ready("\(store.all.count) models")
        reactor.order(.keepPrewarmed(configuration.prewarmedTemplates))
        carryOut(
            pool.reconcile(templates: link.seenTemplates, instances: link.seenInstances, now: .now))
        let known = Set(store.all.map(ModelKey.init))
        for model in Set(pool.templates.templates.values.map(\.model)) where !known.contains(model) {
            carryOut(pool.retireModel(model, now: .now))
        }
        logger.info(
            "attached to the keeper",
            metadata: ["pid": "\(link.processID ?? 0)", "instances": "\(pool.instances.count)"])
    }

    private func noteReadiness(of id: TemplateID, _ readiness: FromKeeper.TemplateReadiness) {
        guard var details = templateDetails[id] else { return }
        details.loadMicroseconds = readiness.loadMicroseconds
        details.stages = details.stages(readiness, readyAt: .now)
        templateDetails[id] = details
    }

    private func templateStarting(_ id: TemplateID, _ model: String, _ process: Int32) {
        link.seenTemplates.insert(id)
        templateDetails[id, default: TemplateDetails(processID: process)].processID = process
        guard let key = ModelKey(keeperText: model) else {
            logger.warning("ended a template of no known model", metadata: .about([.template: id]))
            return reactor.order(.stopTemplate(id))
        }
        pool.adoptTemplate(id, model: key, now: .now)
    }

    private func instanceRunning(_ id: InstanceID, _ running: FromKeeper.RunningInstance) {
        link.seenInstances.insert(id)
        let isKnown = pool.instances[id] != nil
        var details =
            instanceDetails[id]
            ?? InstanceDetails(
                processID: running.processID, settings: running.settings,
                startedAt: ProcessFacts.startTime(of: running.processID) ?? ProcessFacts.wallClock)
        details.processID = running.processID
        details.preparedAt = running.preparedAt
        instanceDetails[id] = details
        guard !isKnown else { return pool.instanceForked(id) }
        carryOut(pool.adoptInstance(id, template: running.template, now: .now))
        reactor.send([.attach], to: id)
    }

    // MARK: Instances

    private func take(_ message: FromInstance, from instance: InstanceID) {
        guard instanceDetails[instance]?.replies.admits(message) != false else {
            return misbehaved(instance, "it answered more often than it was asked")
        }
        if case .pong(_, _, let progress) = message {
            return pool.instanceAnswered(instance, progress: progress, now: .now)
        }
        pool.instanceSpoke(instance, now: .now)
        switch message {
        case .ready(let start): instanceDetails[instance]?.start = start
        case .pong: break  // Noted above: it does not say that the instance gets on.
        case .accepted(let task, let promptTokens):
            guard let record = record(of: task, at: instance) else { return }
            guard tasks[task]?.order.admitsAcceptance() == true else {
                return misbehaved(instance, "it accepted \(task) more than once")
            }
            guard let model = pool.instances[instance]?.model else { return }
            let acceptance = TaskAcceptance(
                instance: instance, promptTokens: promptTokens, startMicroseconds: record.startMicroseconds,
                startStages: record.hasWaited ? instanceDetails[instance]?.stages : nil, digest: model.digest)
            publish(task, .accepted(acceptance))
        case .tokens(let tokens):
            for item in tokens { take(.token(item.token), of: item.task, from: instance) }
        case .vector(let task, let input): take(.vector(input), of: task, from: instance)
        case .finished(let task, let outcome):
            guard admitsEnd(of: task, from: instance, partCount: outcome.completionTokens) else { return }
            publish(task, .finished(outcome))
            end(task, isSuccess: true)
        case .failed(let task, let failure, let text):
            guard admitsEnd(of: task, from: instance, partCount: nil) else { return }
            publish(task, .failed(failure, message: text))
            end(task, isSuccess: false)
        case .attached(let progress): attached(instance, progress)
        }
    }

    /// An instance has answered for the first time: with what it said before, it is ready.
    private func answered(_ instance: InstanceID, at time: MonotonicTime) {
        guard let details = instanceDetails[instance], details.start != nil else { return }
        instanceDetails[instance]?.stages = details.stages(answeredAt: time)
        // One that was found while it started still has to say which tasks it has.
        guard pool.instances[instance]?.isAttaching == false else { return }
        carryOut(pool.instanceReady(instance, now: .now))
        guard let stages = instanceDetails[instance]?.stages, let model = pool.instances[instance]?.model else {
            return
        }
        metrics.note(stages, of: model.name)
        var metadata = Logger.Metadata.about([.instance: instance, .model: model.name])
        for stage in stages.named { metadata[stage.name] = "\(stage.microseconds)" }
        metadata["microseconds"] = "\(stages.total)"
        logger.info("an instance is ready", metadata: metadata)
    }

    private func take(_ part: ReplyPart, of task: TaskID, from instance: InstanceID) {
        guard record(of: task, at: instance) != nil else { return }
        guard tasks[task]?.order.admits(index: part.index) == true else {
            return misbehaved(instance, "it skipped or repeated parts of \(task), or told more than was asked for")
        }
        publish(task, part.event)
    }

    /// Whether an instance may tell the end of a task now.
    private func admitsEnd(of task: TaskID, from instance: InstanceID, partCount: Int?) -> Bool {
        guard record(of: task, at: instance) != nil else { return false }
        guard tasks[task]?.order.admitsEnd(partCount: partCount) == true else {
            misbehaved(instance, "it ended \(task) more than once, or after more parts than it told")
            return false
        }
        return true
    }

    /// Has an instance tell these tasks again, from their indices on.
    func askReplay(of wanted: [FromInstance.TaskProgress], at instance: InstanceID) {
        for item in wanted { tasks[item.task]?.order.expectReplay(from: item.nextIndex) }
        reactor.send(wanted.map { .replay($0.task, index: $0.nextIndex) }, to: instance)
    }

    private func attached(_ instance: InstanceID, _ progress: [FromInstance.TaskProgress]) {
        guard pool.instances[instance]?.isAttaching == true else { return }
        for item in progress where tasks[item.task] == nil {
            guard learn(item.task, from: instance) != nil else { return }
        }
        let own = progress.map(\.task).filter { tasks[$0]?.instance == instance && tasks[$0]?.isOver == false }
        carryOut(pool.instanceAttached(instance, tasks: own, now: .now))
        // Some of them may be over: the answer tells which.
        askReplay(of: progress, at: instance)
    }

    /// The task that an instance speaks of; nil where that is not to be passed on. An instance that speaks of a task
    /// which it was never given is ended.
    private func record(of task: TaskID, at instance: InstanceID) -> NodeTask? {
        guard let holder = pool.instances[instance], !holder.isCondemned else { return nil }
        if let record = tasks[task], record.instance == instance { return record }
        if released[instance]?.contains(task) == true {
            if released[instance]?.admitsMention() == false { misbehaved(instance, "it goes on about \(task)") }
            return nil
        }
        if holder.isAttaching, tasks[task] == nil { return learn(task, from: instance) }
        misbehaved(instance, "it spoke of \(task), which it does not have")
        return nil
    }

    /// Takes over a task that an earlier daemon gave to an instance; nil where that has named more than it can have.
    private func learn(_ task: TaskID, from instance: InstanceID) -> NodeTask? {
        guard tasks.values.count(where: { $0.instance == instance }) < FromInstance.Limits.attachedTasks else {
            misbehaved(instance, "it spoke of more tasks than an instance can have")
            return nil
        }
        let record = NodeTask(
            submission: nil, instance: instance, submittedAt: .now, order: ReplyOrder(nextIndex: nil), isUnclaimed: true
        )
        tasks[task] = record
        return record
    }

    private func publish(_ task: TaskID, _ event: TaskEvent) {
        guard tasks[task]?.isUnclaimed == false else { return }
        publish(.task(task, event))
    }

    private func misbehaved(_ instance: InstanceID, _ reason: String) {
        carryOut(pool.instanceMisbehaved(instance, reason: reason))
    }
}
