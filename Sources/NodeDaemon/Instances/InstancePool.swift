// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Which instances there are and which task goes where. A pure state machine: every event returns the orders that
/// follow from it, the time is always given, ids come from the generator that was given.
///
/// 1. A task goes to the instance of its model with the fewest tasks, if one has room.
/// 2. Otherwise it waits. Where more wait than the starting instances will take, as many are forked at once as they
///    need, up to the limit; so are those that a model is to have at least (`DesiredState`).
/// 3. No ready template: one is started first. One that fails tells why, and the waiting tasks get its sentence.
/// 4. Failed starts make the next one wait (`StartHealth`); after three in a row the waiting tasks fail, and new ones
///    are refused until the pause is over and one more start was tried.
/// 5. An instance that dies by a signal that nobody sent takes its template with it: forks share addresses and
///    canaries, and whoever crashed one may know them.
/// 6. An instance without tasks is drained after the idle time, a template without instances ended after it, except
///    those that the model is to keep.
/// 7. One that has tasks and says nothing is asked for a sign of life, and killed where none comes, or where its ranks
///    have work and take no piece of it.
struct InstancePool {
    struct Limits: Sendable {
        var instancesPerModel: Int
        var tasksPerInstance: Int
        /// Tasks of one model that may wait.
        var waitingTasks = 1024
        /// Seconds without a task before an instance ends; nil keeps it.
        var idleSeconds: Int?
        /// Seconds from the order to a ready instance.
        var startSeconds = 30
        /// Seconds from the order to a ready template, which reads all of its artefact once.
        var templateSeconds = 300
        /// Seconds that a drained instance has to exit.
        var drainSeconds = 10
        /// Seconds without a word after which an instance with tasks is asked for one.
        var silenceSeconds = 2
        /// Seconds that it then has to answer.
        var answerSeconds = 10
        /// Seconds in which an instance that computes must have taken a piece of work: a hundred times what the largest
        /// piece takes.
        var stallSeconds = 30
        /// Seconds that a task may take to end when it was cancelled: many times a step.
        var cancellationSeconds = 60
    }

    enum Order: Hashable {
        case startTemplate(TemplateID, ModelKey)
        case stopTemplate(TemplateID)
        case releaseTemplate(TemplateID)
        case fork([InstanceID], template: TemplateID, ModelKey)
        case drain(InstanceID)
        case cancelTasks(InstanceID)
        case ping(InstanceID)
        case kill(InstanceID, reason: String)
        case releaseInstance(InstanceID)
        case assign(TaskID, InstanceID)
        case fail(TaskID, TaskFailure, message: String)
    }

    /// What became of a submitted task.
    enum Admission: Hashable {
        case admitted([Order])
        /// Too many wait already.
        case overloaded
        /// No instance of the model can be started; why the last one could not.
        case broken(message: String)
    }

    /// Where an instance stands; one that has exited is not here any more.
    ///
    /// - `forked`: ordered. Goes to `specialising` when the keeper has its process.
    /// - `specialising`: its process confines itself and maps its memory. Goes to `ready` with its first answer.
    /// - `attaching`: found at a keeper, has not told its tasks yet. Goes to `ready`.
    /// - `ready`: takes tasks; busy while it has some. Goes to `draining`.
    /// - `draining`: on its way through a `StopPlan`, also from any phase above.
    enum Phase: Hashable {
        case forked(deadline: MonotonicTime)
        case specialising(deadline: MonotonicTime)
        case attaching(deadline: MonotonicTime)
        case ready
        case draining(StopProgress)
    }

    struct Instance {
        let template: TemplateID
        let model: ModelKey
        var phase: Phase
        var tasks: Set<TaskID> = []
        /// Tasks that it was given since it is known here.
        var tasksServed = 0
        /// When its last task ended.
        var idleSince: MonotonicTime
        /// Was told to die.
        var isCondemned = false
        /// When it last said something, or got the first task of those it has.
        var heardAt = MonotonicTime(nanoseconds: 0)
        /// When it was asked for a sign of life; nil where no answer is due.
        var askedAt: MonotonicTime?
        /// How far its ranks were when it last answered; nil where they had nothing to compute.
        var progress: UInt64?
        /// When tasks were cancelled that have not ended.
        var cancellations: [TaskID: MonotonicTime] = [:]
        /// When it was last seen to get on.
        var progressedAt = MonotonicTime(nanoseconds: 0)
    }

    private(set) var limits: Limits
    var templates = TemplatePool()
    var instances: [InstanceID: Instance] = [:]
    var waiting: [ModelKey: [TaskID]] = [:]
    var instanceOfTask: [TaskID: InstanceID] = [:]
    var health: [ModelKey: StartHealth] = [:]
    var desired: [ModelKey: DesiredState] = [:]
    /// Since when a model's template has had no instance and nobody waiting.
    var unusedSince: [ModelKey: MonotonicTime] = [:]
    /// A keeper is telling what it holds: an ended template may still be named by an instance that comes later.
    var isTakingOver = false
    private var generator: any RandomNumberGenerator

    /// Ids come from `generator`, so that tests are repeatable.
    init(limits: Limits, generator: any RandomNumberGenerator = SystemRandomNumberGenerator()) {
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

    /// A task has arrived. One that is known already changes nothing.
    mutating func submit(_ task: TaskID, model: ModelKey, now: MonotonicTime) -> Admission {
        guard instanceOfTask[task] == nil, waiting[model]?.contains(task) != true else { return .admitted([]) }
        guard waiting[model, default: []].count < limits.waitingTasks else { return .overloaded }
        if let health = health[model], health.isOpen(at: now), leastLoaded(of: model) == nil {
            return .broken(message: health.lastFailure)
        }
        waiting[model, default: []].append(task)
        return .admitted(advance(model, now))
    }

    /// Takes a task out of the queue; false where it does not wait.
    mutating func withdraw(_ task: TaskID) -> Bool {
        for (model, tasks) in waiting {
            guard let index = tasks.firstIndex(of: task) else { continue }
            waiting[model]?.remove(at: index)
            return true
        }
        return false
    }

    /// A task has come to its end on its instance.
    mutating func taskOver(_ task: TaskID, isSuccess: Bool, now: MonotonicTime) -> [Order] {
        guard let id = instanceOfTask.removeValue(forKey: task), let instance = instances[id] else { return [] }
        instances[id]?.tasks.remove(task)
        instances[id]?.cancellations[task] = nil
        instances[id]?.idleSince = now
        if case .draining(var progress) = instance.phase, instances[id]?.tasks.isEmpty == true {
            progress.tasksEnded(now: now)
            instances[id]?.phase = .draining(progress)
        }
        if isSuccess { health[instance.model] = nil }
        return advance(instance.model, now)
    }

    // MARK: Templates

    /// A keeper reports a template that was started before this daemon.
    mutating func adoptTemplate(_ id: TemplateID, model: ModelKey, now: MonotonicTime) {
        guard templates.templates[id] == nil else { return }
        templates.add(id, model: model, phase: .starting(deadline: now.adding(seconds: limits.templateSeconds)))
    }

    mutating func templateReady(_ id: TemplateID, now: MonotonicTime) -> [Order] {
        guard templates.becomeReady(id), let model = templates.templates[id]?.model else { return [] }
        return advance(model, now)
    }

    /// A template's process is gone; `message` is its last word. `isLost`: with its keeper, which says nothing of the model.
    mutating func templateEnded(
        _ id: TemplateID, message: String, isLost: Bool = false, now: MonotonicTime
    ) -> [Order] {
        guard let template = templates.end(id) else {
            // Given up before: the keeper still has an entry for it.
            return templates.templates[id] == nil ? [.releaseTemplate(id)] : []
        }
        var orders: [Order] = []
        if case .starting = template.phase, !isLost {
            health[template.model, default: StartHealth()].noteFailure(message, at: now)
            orders += failWaiting(of: template.model, "the model's template could not start: \(message)")
        }
        return orders + releaseTemplates() + advance(template.model, now)
    }

    // MARK: Instances

    /// A keeper reports an instance that was forked before this daemon; it is asked for its tasks.
    mutating func adoptInstance(_ id: InstanceID, template: TemplateID, now: MonotonicTime) -> [Order] {
        guard instances[id] == nil else { return [] }
        guard let model = templates.templates[template]?.model else {
            return [.kill(id, reason: "nobody knows which model it serves")]
        }
        let deadline = now.adding(seconds: limits.startSeconds)
        instances[id] = Instance(
            template: template, model: model, phase: .attaching(deadline: deadline), idleSince: now)
        return []
    }

    /// An adopted instance has told which tasks it works on.
    mutating func instanceAttached(_ id: InstanceID, tasks: [TaskID], now: MonotonicTime) -> [Order] {
        guard case .attaching? = instances[id]?.phase else { return [] }
        instanceSpoke(id, now: now)
        for task in tasks where instanceOfTask[task] == nil {
            instanceOfTask[task] = id
            instances[id]?.tasks.insert(task)
        }
        return instanceReady(id, now: now)
    }

    /// The keeper has its process.
    mutating func instanceForked(_ id: InstanceID) {
        guard case .forked(let deadline)? = instances[id]?.phase else { return }
        instances[id]?.phase = .specialising(deadline: deadline)
    }

    mutating func instanceReady(_ id: InstanceID, now: MonotonicTime) -> [Order] {
        guard let instance = instances[id] else { return [] }
        switch instance.phase {
        case .forked, .specialising, .attaching: break
        case .ready, .draining: return []
        }
        instances[id]?.phase = .ready
        instances[id]?.idleSince = now
        return advance(instance.model, now)
    }

    /// An instance has sent what no honest one sends.
    mutating func instanceMisbehaved(_ id: InstanceID, reason: String) -> [Order] {
        guard let instance = instances[id], !instance.isCondemned else { return [] }
        instances[id]?.isCondemned = true
        return [.kill(id, reason: reason)]
    }

    /// It is to go, by `plan` or after its tasks. One that goes already goes on as it was told, unless it is told more.
    mutating func stopInstance(_ id: InstanceID, _ plan: StopPlan? = nil, now: MonotonicTime) -> [Order] {
        guard let instance = instances[id], !instance.isCondemned else { return [] }
        guard !instance.isDraining || plan != nil else { return [] }
        let progress = StopProgress(
            plan ?? .graceful(exitSeconds: limits.drainSeconds), hasTasks: !instance.tasks.isEmpty, now: now)
        instances[id]?.phase = .draining(progress)
        return carryOut(progress.step, on: id, reason: "it was to be stopped")
    }

    /// An instance's process is gone; `status` is nil where there was none. `isLost`: with its keeper.
    mutating func instanceEnded(
        _ id: InstanceID, status: ExitStatus?, message: String, isLost: Bool = false, now: MonotonicTime
    ) -> [Order] {
        guard let instance = instances.removeValue(forKey: id) else { return [.releaseInstance(id)] }
        var orders: [Order] = [.releaseInstance(id)]
        for task in instance.tasks.sorted(by: { $0.rawValue < $1.rawValue }) {
            instanceOfTask[task] = nil
            orders.append(.fail(task, .instanceLost, message: "its instance ended: \(message)"))
        }
        if !isLost, !instance.isDraining || status?.isSuccess == false {
            orders += noteCrash(of: instance, status, message, now)
        }
        return orders + releaseTemplates() + advance(instance.model, now)
    }

    private mutating func noteCrash(
        of instance: Instance, _ status: ExitStatus?, _ message: String, _ now: MonotonicTime
    ) -> [Order] {
        var orders: [Order] = []
        health[instance.model, default: StartHealth()].noteFailure(message, at: now)
        if instance.isStarting, health[instance.model]?.isOutOfPatience == true {
            orders += failWaiting(of: instance.model, "no instance of the model could start: \(message)")
        }
        if case .signalled = status, !instance.isCondemned { orders += retireTemplate(instance.template) }
        return orders
    }

    // MARK: Time and models

    /// A model was removed or replaced: its instances finish their work and go. Its waiting tasks go to `successor`, the
    /// content that has the name now (the same key where a damaged file was mended); without one they fail.
    mutating func retireModel(_ model: ModelKey, successor: ModelKey? = nil, now: MonotonicTime) -> [Order] {
        var orders: [Order] = []
        let tasks = waiting.removeValue(forKey: model) ?? []
        if successor == nil {
            orders += tasks.map { .fail($0, .modelNotFound, message: "the model '\(model.name)' was removed") }
        }
        for (id, instance) in sortedInstances where instance.model == model { orders += stopInstance(id, now: now) }
        orders += retireTemplate(templates.current[model])
        health[model] = nil
        if let wanted = desired.removeValue(forKey: model), let successor { desired[successor] = wanted }
        guard let successor, !tasks.isEmpty else { return orders }
        // They were here before those that came for the new content.
        waiting[successor] = tasks + waiting[successor, default: []]
        return orders + advance(successor, now)
    }

    /// When `tick` has something to do next; nil while only events can bring something.
    var nextDeadline: MonotonicTime? {
        var times: [MonotonicTime] = []
        for instance in instances.values where !instance.isCondemned {
            switch instance.phase {
            case .forked(let deadline), .specialising(let deadline), .attaching(let deadline): times.append(deadline)
            case .draining(let progress): if let deadline = progress.deadline { times.append(deadline) }
            case .ready: if let time = idleDeadline(instance) { times.append(time) }
            }
            if let time = silenceDeadline(instance) { times.append(time) }
            if let time = cancellationDeadline(instance) { times.append(time) }
        }
        for template in templates.templates.values {
            if case .starting(let deadline) = template.phase { times.append(deadline) }
        }
        if let seconds = limits.idleSeconds {
            times += unusedSince.values.map { $0.adding(seconds: seconds) }
        }
        for model in modelsInWant { if let pause = health[model]?.notBefore { times.append(pause) } }
        return times.min()
    }

    /// Does what has become due: back-offs that are over, idle instances, starts and drains that take too long.
    mutating func tick(now: MonotonicTime) -> [Order] {
        var orders: [Order] = []
        for (id, instance) in sortedInstances where !instance.isCondemned { orders += tick(id, instance, now) }
        for (id, template) in templates.templates {
            guard case .starting(let deadline) = template.phase, deadline <= now else { continue }
            let message = "it was not ready within \(limits.templateSeconds) s"
            orders += [.stopTemplate(id)] + templateEnded(id, message: message, now: now)
        }
        orders += stopUnusedTemplates(now)
        for model in modelsInWant { orders += advance(model, now) }
        return orders
    }

    /// Models that have less than they need, in an order that does not change from run to run.
    private var modelsInWant: [ModelKey] {
        let wanting = desired.filter { model, wanted in
            stayingCount(of: model) < wanted.minimumInstances || wanted.isPinned && templates.current[model] == nil
        }
        return Set(waiting.filter { !$0.value.isEmpty }.keys).union(wanting.keys)
            .sorted { $0.keeperText < $1.keeperText }
    }

    private mutating func tick(_ id: InstanceID, _ instance: Instance, _ now: MonotonicTime) -> [Order] {
        if let deadline = silenceDeadline(instance), deadline <= now { return endSilence(of: id, instance, now) }
        if let deadline = cancellationDeadline(instance), deadline <= now {
            return instanceMisbehaved(
                id, reason: "a cancelled task has not ended within \(limits.cancellationSeconds) s")
        }
        switch instance.phase {
        case .forked(let deadline) where deadline <= now:
            // A template that has not forked in all that time hangs: it is killed, and its keeper then tells that the
            // instances which it owed will not come.
            return instanceMisbehaved(id, reason: "it was not ready within \(limits.startSeconds) s")
                + retireTemplate(instance.template)
        case .specialising(let deadline) where deadline <= now, .attaching(let deadline) where deadline <= now:
            return instanceMisbehaved(id, reason: "it was not ready within \(limits.startSeconds) s")
        case .draining(var progress):
            guard let deadline = progress.deadline, deadline <= now else { return [] }
            progress.advance(hasTasks: !instance.tasks.isEmpty, now: now)
            instances[id]?.phase = .draining(progress)
            return carryOut(progress.step, on: id, reason: "it did not exit in the time that it had")
        case .ready:
            guard let deadline = idleDeadline(instance), deadline <= now else { return [] }
            return stopInstance(id, now: now)
        default: return []
        }
    }

    /// Has a template end that is not on its way out already; nil: there is none.
    mutating func retireTemplate(_ id: TemplateID?) -> [Order] {
        guard let id, templates.retire(id) else { return [] }
        return [.stopTemplate(id)]
    }

    /// Begins a step of a stop.
    private mutating func carryOut(_ step: StopPlan.Step, on id: InstanceID, reason: String) -> [Order] {
        switch step {
        case .drain: [.drain(id)]
        case .cancelTasks: [.cancelTasks(id)]
        case .kill: instanceMisbehaved(id, reason: reason)
        }
    }
}
