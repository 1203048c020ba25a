// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Which instances there are and which task goes where. A pure state machine over tables that each own one part of the
/// state: every event returns the actions that follow from it, the time is always given, ids come from the generator that
/// was given.
///
/// 1. Tasks wait in their pool's `WaitQueue`, which shares places by tenant. A task goes to the instance of its pool with
///    the fewest tasks, if one has room.
/// 2. Where more wait than the starting instances will take, as many are forked at once as they need, up to the limit; so
///    are those that a model is to have at least (`DesiredStates`).
/// 3. No ready template of the content: one is started first. One that fails tells why, and the waiting tasks get its
///    sentence; one that was killed from outside is started again.
/// 4. Failed starts make the next one wait (`StartHealth`); after three in a row the waiting tasks fail, and new ones
///    are refused until the pause is over and one more start was tried. The end of an instance that was ready costs a fork.
/// 5. An instance that dies by a fault takes its template with it: forks share addresses and canaries, and whoever crashed
///    one may know them.
/// 6. An instance without tasks is drained after the idle time, a template without instances ended after it, except
///    those that the model is to keep.
/// 7. One that has tasks and says nothing is asked for a sign of life, and killed where none comes, or where its ranks
///    have work and take no piece of it.
/// 8. Where all places are taken and a tenant waits who has less than a fair part, one is taken away (`Preemption`).
struct InstancePool: Sendable {
    typealias Action = PoolAction
    typealias Admission = PoolAdmission
    typealias Limits = PoolLimits

    private(set) var limits: Limits
    private(set) var names = ServedNames()
    var tasks = TaskTable()
    var templates = TemplateTable()
    var instances = InstanceTable()
    var desired = DesiredStates()
    var waiting = WaitQueueTable()
    var health = StartHealthTable()
    var preemptions = PreemptionPace()
    private var generator: any RandomNumberGenerator & Sendable

    /// Ids come from `generator`, so that tests are repeatable.
    init(limits: Limits, generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.limits = limits
        self.generator = generator
    }

    /// Other limits hold from now on. What is there already stays: a limit is kept by what is not started.
    mutating func keep(to limits: Limits) {
        self.limits = limits
    }

    /// A new id.
    mutating func freshID<Subject>() -> Identifier<Subject> {
        Identifier.random(using: &generator)
    }

    // MARK: Tasks

    /// A task has arrived that is not known here.
    mutating func submit(
        _ task: ServingTask, to pool: PoolKey, by scheduler: SchedulerID, now: MonotonicTime
    ) -> Admission {
        if let health = health[pool.content], health.isOpen(at: now), openInstance(in: pool) == nil {
            return .broken(message: health.lastFailure)
        }
        var actions: [Action] = []
        if waiting.count(in: pool) >= limits.waitingTasks {
            guard let displaced = waiting.displace(for: task, in: pool) else { return .overloaded }
            actions.append(fail(displaced.task, .overloaded, "too many tasks of '\(displaced.tenant)' wait: try again"))
        }
        tasks.add(task.id, NodeTask(task, pool: pool, by: scheduler, now: now))
        waiting.add(task, to: pool, now: now)
        actions += advance(pool, now)
        if tasks[task.id]?.place == .waiting { tasks.noteWait(task.id) }
        return .admitted(actions)
    }

    /// Takes a task out of the queue; false where it does not wait. Its record stays.
    mutating func withdraw(_ task: TaskID) -> Bool {
        guard let record = tasks[task], record.place == .waiting else { return false }
        return waiting.remove(task, of: record.tenant, from: record.pool) != nil
    }

    /// A task's place is free: its instance has ended it, or its scheduler wants nothing more of it. The record must have
    /// left the instance in the table before.
    mutating func taskEnded(at id: InstanceID, isSuccess: Bool, now: MonotonicTime) -> [Action] {
        guard let instance = instances[id] else { return [] }
        let isLast = tasks.count(at: id) == 0
        instances.change(id) { $0.taskEnded(isLast: isLast, now: now) }
        if isSuccess { health.clear(instance.pool.content) }
        return advance(instance.pool, now)
    }

    /// Drops a task that cannot be served, and says so.
    mutating func fail(_ task: TaskID, _ failure: TaskFailure, _ message: String) -> Action {
        .fail(task, failure, message: message, to: tasks.remove(task)?.listener)
    }

    // MARK: Templates

    /// A keeper reports a template that was started before this daemon.
    mutating func adoptTemplate(_ id: TemplateID, _ label: TemplateLabel, now: MonotonicTime) {
        guard templates[id] == nil else { return }
        templates.add(id, label, deadline: now.adding(seconds: limits.templateSeconds), orderedAt: nil)
    }

    /// A template can fork; `readiness` is what its start took.
    mutating func templateReady(
        _ id: TemplateID, _ readiness: FromKeeper.TemplateReadiness?, now: MonotonicTime
    ) -> [Action] {
        guard templates.becomeReady(id, readiness, now: now), let label = templates[id]?.label else { return [] }
        return advance(content: label.content, now)
    }

    /// A template's process is gone.
    mutating func templateEnded(_ id: TemplateID, _ ending: InstanceEnding, now: MonotonicTime) -> [Action] {
        guard let template = templates.end(id) else { return [] }
        let content = template.label.content
        var actions: [Action] = []
        // One that was found at a keeper may have ended long ago.
        if case .starting = template.phase, !ending.isLost, template.orderedAt != nil {
            health.noteFailedStart(of: content, ending.message, at: now)
            if !ending.isKilledFromOutside || health.isOverLimit(content) {
                actions += failWaiting(of: content, "the model's template could not start: \(ending.message)")
            }
        }
        return actions + advance(content: content, now)
    }

    // MARK: Instances

    /// A keeper reports an instance that was forked before this daemon; it is asked for its tasks.
    mutating func adoptInstance(_ id: InstanceID, template: TemplateID, now: MonotonicTime) -> [Action] {
        guard instances[id] == nil else { return [] }
        guard let label = templates[template]?.label else {
            return [.kill(id, reason: "nobody knows which model it serves")]
        }
        let deadline = now.adding(seconds: limits.startSeconds)
        instances.add(
            id,
            PooledInstance(
                pool: PoolKey(content: label.content), name: label.name, template: template,
                phase: .attaching(deadline: deadline), now: now))
        return []
    }

    /// An instance takes tasks from now on: it has answered for the first time, or one that was found has named its tasks.
    mutating func instanceReady(_ id: InstanceID, now: MonotonicTime) -> [Action] {
        guard let instance = instances[id] else { return [] }
        switch instance.phase {
        case .forked, .specialising, .attaching: break
        case .ready, .draining: return []
        }
        instances.change(id) {
            $0.noteActivity(now: now)
            $0.becomeReady(now: now)
        }
        if instance.isStarting { health.noteStart(of: instance.pool.content) }
        return advance(instance.pool, now)
    }

    /// An instance has sent what no honest one sends, or does not get on.
    mutating func instanceMisbehaved(_ id: InstanceID, reason: String) -> [Action] {
        kill(id, .misbehaviour, reason: reason)
    }

    private mutating func kill(_ id: InstanceID, _ cause: PooledInstance.KillCause, reason: String) -> [Action] {
        guard let instance = instances[id], !instance.isKilling else { return [] }
        instances.change(id) { $0.kill(cause) }
        return [.kill(id, reason: reason)]
    }

    /// It is to go, by `plan` or after its tasks. One that goes already goes on as it was told, unless it is told more.
    mutating func stopInstance(_ id: InstanceID, _ plan: StopPlan? = nil, now: MonotonicTime) -> [Action] {
        guard let instance = instances[id], !instance.isKilling else { return [] }
        guard !instance.isDraining || plan != nil else { return [] }
        let progress = StopProgress(
            plan ?? .graceful(exitSeconds: limits.drainSeconds), hasTasks: tasks.count(at: id) > 0, now: now)
        instances.change(id) { $0.drain(progress) }
        return begin(progress.step, of: id, reason: "it was to be stopped")
    }

    /// Begins a step of a stop.
    mutating func begin(_ step: StopPlan.Step, of id: InstanceID, reason: String) -> [Action] {
        switch step {
        case .drain: [.drain(id)]
        case .cancelTasks: [.cancelTasks(id, tasks.sorted(at: id))]
        case .kill: kill(id, .stop, reason: reason)
        }
    }

    /// An instance's process is gone.
    mutating func instanceEnded(_ id: InstanceID, _ ending: InstanceEnding, now: MonotonicTime) -> [Action] {
        guard let instance = instances.remove(id) else { return [.releaseInstance(id)] }
        let cause = ending.cause(of: instance)
        let running = tasks.sorted(at: id)
        let failure: TaskFailure = cause == .fault ? .instanceCrashed : .instanceLost
        let jobs = Set(running.compactMap { tasks[$0]?.job })
        var actions = running.map { fail($0, failure, "its instance ended: \(ending.message)") }
        for task in tasks.owingEnds(at: id) {
            actions.append(fail(task, .instanceLost, "its instance ended before it told its reply again"))
        }
        tasks.releaseInstance(id)
        actions.append(.releaseInstance(id))
        if instances.count(in: instance.pool) == 0 { actions.append(.cleared(instance.pool)) }
        if cause != .asked, !ending.isLost {
            health.noteEnd(of: instance, ending, cause, jobs, now: now)
            if instance.isStarting, health.isOverLimit(instance.pool.content) {
                actions += failWaiting(
                    of: instance.pool.content, "no instance of the model could start: \(ending.message)")
            }
            if ending.isCrash, !instance.isKilling { actions += retireTemplate(instance.template) }
        }
        return actions + advance(instance.pool, now)
    }

    // MARK: Models

    /// The store has other models than before; of `repaired` contents, the file was replaced. What waits for a name gets
    /// the content that the name has now; instances of content that has no name any more finish their work and go.
    mutating func modelsChanged(_ new: ServedNames, repaired: Set<String> = [], now: MonotonicTime) -> [Action] {
        let old = names
        names = new
        for name in desired.byName.keys where new[name] == nil { desired.clear(name) }
        var actions: [Action] = []
        for pool in waiting.pools { actions += redirectWaiting(in: pool) }
        for content in old.contents.subtracting(new.contents).union(repaired).sorted() {
            actions += retire(content: content, now)
        }
        for content in new.contents.sorted() { actions += advance(content: content, now) }
        return actions
    }

    private mutating func redirectWaiting(in pool: PoolKey) -> [Action] {
        var actions: [Action] = []
        for entry in waiting[pool]?.entries ?? [] where names[entry.name]?.digest != pool.content {
            _ = waiting.remove(entry.task, of: entry.tenant, from: pool)
            actions += redirect(entry)
        }
        return actions
    }

    private mutating func redirect(_ entry: WaitQueue.Entry) -> [Action] {
        guard let model = names.served(entry.name) else {
            return [fail(entry.task, .modelNotFound, "the model '\(entry.name)' was removed")]
        }
        guard let pool = tasks.redirect(entry.task, to: model.content) else {
            // Part of its answer is there, which other content would go on with as another text.
            return [fail(entry.task, .modelReplaced, NodeDaemonError.modelReplaced(entry.name.text).description)]
        }
        waiting.add(entry, to: pool)
        return []
    }

    /// The content is not to be served any more, or its file is another one.
    mutating func retire(content: String, _ now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        for (id, instance) in instances.sorted where instance.pool.content == content {
            actions += stopInstance(id, now: now)
        }
        actions += retireTemplate(templates.current[content])
        health.clear(content)
        return actions
    }

    /// Has a template end that is not on its way out already; nil: there is none.
    mutating func retireTemplate(_ id: TemplateID?) -> [Action] {
        guard let id, templates.retire(id) else { return [] }
        return [.stopTemplate(id)]
    }
}
