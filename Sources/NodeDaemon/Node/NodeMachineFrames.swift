// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What keeper and instances say.
extension NodeMachine {
    /// One event of the reactor.
    mutating func receive(_ event: ReactorEvent, now: MonotonicTime) {
        switch event {
        case .keeperAttached(let process): keeper.beginAttachment(process: process, now: now)
        case .keeperNotFound(let reason):
            keeper.notFound(reason, now: now)
            effects.note(.keeperNotFound(reason: reason))
        case .keeper(let event): receive(event, now)
        case .keeperLost(let reason): loseKeeper(reason, now)
        case .instance(let instance, let message): receive(message, from: instance, now)
        case .instanceAnswered(let instance, let time): receiveFirstAnswer(of: instance, at: time, now)
        case .instanceBroken(let instance, let reason): misbehaved(instance, reason, now)
        case .instanceClosed: break  // Its end follows from the keeper, with the reason.
        case .alarm: tick(now: now)
        }
    }

    private mutating func loseKeeper(_ reason: String, _ now: MonotonicTime) {
        if keeper.lose(reason, now: now) { effects.note(.keeperLost(reason: reason)) }
    }

    /// The keeper has not answered an order for so long that nothing good can be expected of it. One that this node
    /// started is killed, and its instances with it; else the service manager's watchdog does that.
    mutating func keeperHung(_ now: MonotonicTime) {
        effects.note(.keeperHung(process: keeper.processID))
        effects.dropKeeper(killing: configuration.startsKeeper ? keeper.processID : nil)
        loseKeeper("the keeper does not answer", now)
    }

    // MARK: Keeper

    private mutating func receive(_ event: FromKeeper, _ now: MonotonicTime) {
        keeper.noteActivity()
        switch event {
        case .welcome(let process, let controllers): keeper.noteWelcome(process: process, controllers: controllers)
        case .sandbox(let state, let denied): receiveSandbox(state, deniedCalls: Int(denied), now)
        case .stateComplete: if refusal == nil, keeper.complete() { takeOver(now) }
        case .prewarmed(let count): keeper.notePrewarmed(count)
        case .templateStarting(let id, let model, let process): receiveTemplate(id, model, process, now)
        case .templateReady(let id, let readiness): templateReady(id, readiness, now)
        case .templateEnded(let id, let end):
            let ending = InstanceEnding(end)
            effects.note(.templateEnded(id, message: ending.message))
            guard pool.templates[id] != nil else {
                // Given up before: the keeper still has an entry for it.
                return effects.order(.releaseTemplate(id))
            }
            perform(pool.templateEnded(id, ending, now: now), now)
        case .instanceRunning(let id, let running): receiveInstance(id, running, now)
        case .instanceEnded(let id, let end):
            let ending = InstanceEnding(end)
            effects.note(.instanceEnded(id, pool.instances[id]?.name, ending))
            perform(pool.instanceEnded(id, ending, now: now), now)
        // Held for a daemon before this one, which has no use for it.
        case .held(let key): effects.order(.release(key))
        case .notHeld(let key, let message): effects.note(.descriptorNotHeld(key, reason: message))
        }
    }

    private mutating func receiveSandbox(_ state: SandboxState, deniedCalls: Int, _ now: MonotonicTime) {
        if keeper.sandbox != state { for step in state.missing { effects.note(.sandboxStepMissing(step)) } }
        switch keeper.noteSandbox(state, deniedCalls: deniedCalls) {
        case .serves: break
        case .refused(let missing): refuse(.sandboxRequired(missing))
        case .completes: if keeper.complete() { takeOver(now) }
        }
    }

    /// The keeper has named all that it holds: the node's own books are set right by it, and it serves.
    private mutating func takeOver(_ now: MonotonicTime) {
        effects.order(.keepPrewarmed(configuration.prewarmedTemplates))
        perform(
            pool.reconcile(templates: keeper.seenTemplates, instances: keeper.seenInstances, now: now), now)
        effects.note(
            .keeperAttached(process: keeper.processID, instances: pool.instances.count, models: pool.names.count))
    }

    private mutating func receiveTemplate(_ id: TemplateID, _ text: String, _ process: Int32, _ now: MonotonicTime) {
        keeper.noteTemplate(id)
        guard let label = TemplateLabel(keeperText: text) else {
            effects.note(.templateUnknown(id))
            return effects.order(.stopTemplate(id))
        }
        pool.adoptTemplate(id, label, now: now)
        pool.templates.setProcess(process, of: id)
    }

    private mutating func receiveInstance(
        _ id: InstanceID, _ running: FromKeeper.RunningInstance, _ now: MonotonicTime
    ) {
        keeper.noteInstance(id)
        let isKnown = pool.instances[id] != nil
        if !isKnown { perform(pool.adoptInstance(id, template: running.template, now: now), now) }
        let startedAt = isKnown ? 0 : effects.startTime(of: running.processID) ?? wallClock(now)
        pool.instances.change(id) { $0.run(running, startedAt: startedAt) }
        if !isKnown { effects.send([.attach], to: id) }
    }

    // MARK: Instances

    private mutating func receive(_ message: FromInstance, from instance: InstanceID, _ now: MonotonicTime) {
        var isOwed = true
        pool.instances.change(instance) { isOwed = $0.receive(message, now: now) }
        guard isOwed else { return misbehaved(instance, "it answered more often than it was asked", now) }
        switch message {
        case .pong, .ready: break
        case .accepted(let task, let promptTokens): receiveAcceptance(of: task, promptTokens, from: instance, now)
        case .tokens(let tokens): receive(tokens, from: instance, now)
        case .vector(let task, let input):
            guard admits(.part(input.index), of: task, from: instance, now) else { return }
            publish(task, .vector(input), now)
        case .finished(let task, let outcome): receive(outcome, of: task, from: instance, now)
        case .failed(let task, let failure, let text):
            guard admits(.failure(failure), of: task, from: instance, now) else { return }
            // It does not know the task, it says. One that says so of every task must not have it sent again for ever.
            publish(task, .failed(failure == .instanceLost ? .instanceCrashed : failure, message: text), now)
            end(task, at: instance, isSuccess: false, now)
        case .attached(let progress): receiveAttachment(progress, of: instance, now)
        }
    }

    /// An instance has answered for the first time: with what it said before, it is ready.
    private mutating func receiveFirstAnswer(of id: InstanceID, at time: MonotonicTime, _ now: MonotonicTime) {
        guard let instance = pool.instances[id], instance.start != nil else { return }
        pool.instances.change(id) { $0.noteFirstPong(at: time) }
        // One that was found while it started still has to name its tasks.
        guard !instance.isAttaching else { return }
        let stages = pool.instances[id]?.stages
        perform(pool.instanceReady(id, now: now), now)
        if let stages { effects.note(.instanceReady(id, instance.name, stages)) }
    }

    private mutating func receiveAcceptance(
        of task: TaskID, _ promptTokens: Int, from id: InstanceID, _ now: MonotonicTime
    ) {
        guard admits(.acceptance, of: task, from: id, now), let record = pool.tasks[task],
            let instance = pool.instances[id]
        else { return }
        let acceptance = TaskAcceptance(
            instance: id, promptTokens: promptTokens, startMicroseconds: record.startMicroseconds,
            startStages: record.hasWaited ? instance.stages : nil, digest: instance.pool.content)
        publish(task, .accepted(acceptance), now)
    }

    /// The tokens of one step: one event for each scheduler that has a part in it.
    private mutating func receive(_ tokens: [TaskToken], from instance: InstanceID, _ now: MonotonicTime) {
        var batches = OrderedBatches<SchedulerID, TaskToken>()
        for item in tokens {
            guard pool.instances[instance]?.isKilling == false else { break }
            guard admits(.part(item.token.index), of: item.task, from: instance, now),
                let scheduler = pool.tasks[item.task]?.listener
            else { continue }
            batches.add(item, for: scheduler)
        }
        for batch in batches.all { publish(.tokens(batch.elements), to: batch.receiver, now) }
    }

    private mutating func receive(
        _ outcome: TaskOutcome, of task: TaskID, from instance: InstanceID, _ now: MonotonicTime
    ) {
        guard admits(.end(partCount: outcome.completionTokens), of: task, from: instance, now) else { return }
        // Ended although nobody who wants the answer asked for it: its place was given away, maybe by a daemon before this.
        guard outcome.reason == .cancelled, pool.tasks[task]?.isCancelled == false else {
            publish(task, .finished(outcome), now)
            return end(task, at: instance, isSuccess: true, now)
        }
        // Its scheduler sends it again, with what it has of the answer.
        publish(task, .failed(.preempted, message: "another tenant waited for the place"), now)
        _ = pool.tasks.release(task)
        effects.send([.release(task)], to: instance)
        perform(pool.taskEnded(at: instance, isSuccess: false, now: now), now)
    }

    /// Has an instance tell these tasks again, from their indices on.
    mutating func askReplay(of wanted: [FromInstance.TaskProgress], at instance: InstanceID) {
        for item in wanted { pool.tasks.expectReplay(of: item.task, from: item.nextIndex) }
        effects.send(wanted.map { .replay($0.task, index: $0.nextIndex) }, to: instance)
    }

    private mutating func receiveAttachment(
        _ progress: [FromInstance.TaskProgress], of instance: InstanceID, _ now: MonotonicTime
    ) {
        guard pool.instances[instance]?.isAttaching == true else { return }
        for item in progress where pool.tasks[item.task] == nil {
            guard admits(.mention, of: item.task, from: instance, now) else { return }
        }
        perform(pool.instanceReady(instance, now: now), now)
        // Some of them may be over: the answer tells which.
        askReplay(of: progress, at: instance)
    }

    // MARK: What is believed

    /// Whether what an instance says of a task is to be passed on. One that says what no honest one says is ended.
    private mutating func admits(
        _ word: TaskTable.Word, of task: TaskID, from id: InstanceID, _ now: MonotonicTime
    ) -> Bool {
        guard let instance = pool.instances[id], !instance.isKilling else { return false }
        let learns = instance.isAttaching ? instance.pool : nil
        switch pool.tasks.judge(word, of: task, from: id, learning: learns, now: now) {
        case .believed: return true
        case .ignored: return false
        case .refused(let reason):
            misbehaved(id, reason, now)
            return false
        }
    }

    private mutating func misbehaved(_ instance: InstanceID, _ reason: String, _ now: MonotonicTime) {
        perform(pool.instanceMisbehaved(instance, reason: reason), now)
    }
}
