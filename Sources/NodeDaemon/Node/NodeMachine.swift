// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The node as a state machine: each event is a method that asks the parts for their decisions and has the effects carry
/// them out. It waits for nothing, reads no clock and does nothing to the world but by `NodeEffects`.
///
/// Its parts, each the sole owner of its state: `InstancePool` (with the tables of tasks, instances, templates and of what
/// is wanted), `KeeperSession`, `SchedulerTable`. After each event whoever drives it calls `endTurn`.
struct NodeMachine: Sendable {
    private(set) var configuration: NodeConfiguration
    let effects: any NodeEffects
    /// Seconds since 1970.
    let startedAt: Double
    private let began: MonotonicTime
    private let placement: NUMAPlacement

    var pool: InstancePool
    var keeper: KeeperSession
    var schedulers: SchedulerTable
    /// Takes no new tasks, since it is about to end with its instances.
    private(set) var isDraining = false
    /// Why the node must not go on serving.
    private(set) var refusal: NodeDaemonError?
    /// The template whose readiness is being dealt with.
    private var freshTemplate: TemplateID?
    private var news = InstanceNews()
    /// What was last kept of what is wanted.
    private var keptDesired = DesiredStates()

    init(
        configuration: NodeConfiguration, effects: any NodeEffects, placement: NUMAPlacement, startedAt: Double,
        now: MonotonicTime, generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.configuration = configuration
        self.effects = effects
        self.placement = placement
        self.startedAt = startedAt
        began = now
        pool = InstancePool(limits: configuration.poolLimits, generator: generator)
        schedulers = SchedulerTable(limits: configuration.schedulerLimits)
        keeper = KeeperSession(
            answerSeconds: configuration.answerSeconds, requiresSandbox: configuration.requiresSandbox)
    }

    /// Reloadable settings have new values; the others are those of the start.
    mutating func reconfigure(_ settings: NodeSettings) {
        configuration.settings = settings
        pool.keep(to: configuration.poolLimits)
        schedulers.keep(to: configuration.schedulerLimits)
        if keeper.isAttached { effects.order(.keepPrewarmed(configuration.prewarmedTemplates)) }
    }

    // MARK: Models

    /// Before anything else: the models that there are, and what an earlier daemon was told to keep of them.
    mutating func begin(_ models: ServedNames, desired: [ModelName: DesiredState], now: MonotonicTime) {
        perform(pool.modelsChanged(models, now: now), now)
        pool.desired.restore(desired, of: models, most: pool.limits.instancesPerModel)
        keptDesired = pool.desired
    }

    /// The catalog has changed.
    mutating func modelsChanged(_ models: ServedNames, repaired: Set<String>, now: MonotonicTime) {
        perform(pool.modelsChanged(models, repaired: repaired, now: now), now)
        broadcast(.models(models.all), now)
    }

    // MARK: Actions

    /// Carries out what the pool decided, and what follows from it.
    mutating func perform(_ actions: [InstancePool.Action], _ now: MonotonicTime) {
        var queue = actions
        var next = 0
        while next < queue.count {
            queue += perform(queue[next], now)
            next += 1
        }
    }

    private mutating func perform(_ action: InstancePool.Action, _ now: MonotonicTime) -> [InstancePool.Action] {
        switch action {
        case .startTemplate(let id, let label): return startTemplate(id, label, now)
        case .fork(let ids, let template, let pool): return fork(ids, template, pool, now)
        case .releaseInstance(let id):
            keeper.releaseInstance(id)
            effects.close(id)
            effects.order(.releaseInstance(id))
        case .cancelTasks(_, let tasks):
            for task in tasks { pool.tasks.noteCancellation(task, now: now) }
            effects.carryOut(action)
        case .fail(let task, let failure, let message, let listener):
            effects.note(.taskFailed(task, failure, message: message))
            if let listener { publish(.task(task, .failed(failure, message: message)), to: listener, now) }
        case .cleared(let pool): broadcast(.keyValues(.cleared(pool)), now)
        case .stopTemplate, .drain, .ping, .kill, .assign, .preempt: effects.carryOut(action)
        }
        return []
    }

    private mutating func startTemplate(
        _ id: TemplateID, _ label: TemplateLabel, _ now: MonotonicTime
    ) -> [InstancePool.Action] {
        do {
            try effects.startTemplate(id, label)
            keeper.noteTemplate(id)
            keeper.expectAnswer(now: now)
            effects.note(.templateStarted(id, label))
            return []
        } catch {
            let ending = InstanceEnding(message: "its artefact cannot be opened: \(error)")
            return pool.templateEnded(id, ending, now: now)
        }
    }

    private mutating func fork(
        _ ids: [InstanceID], _ template: TemplateID, _ pool: PoolKey, _ now: MonotonicTime
    ) -> [InstancePool.Action] {
        guard let model = self.pool.names.model(of: pool.content) else {
            let ending = InstanceEnding(message: "its model was removed", isLost: true)
            return ids.flatMap { self.pool.instanceEnded($0, ending, now: now) }
        }
        let startedAt = wallClock(now)
        let templateStages = template == freshTemplate ? self.pool.templates[template]?.stages : nil
        let orders = placement.orders(
            for: ids, configuration.settings(for: model), beside: self.pool.instances.all.compactMap(\.settings))
        for order in orders {
            for id in order.ids {
                keeper.noteInstance(id)
                self.pool.instances.change(id) {
                    $0.beginFork(order.settings, after: templateStages, startedAt: startedAt, now: now)
                }
            }
            effects.order(.fork(order.ids, template: template, order.settings))
        }
        keeper.expectAnswer(now: now)
        return []
    }

    /// A template can fork. What is forked in this turn has waited for it.
    mutating func templateReady(_ id: TemplateID, _ readiness: FromKeeper.TemplateReadiness, _ now: MonotonicTime) {
        freshTemplate = id
        perform(pool.templateReady(id, readiness, now: now), now)
        freshTemplate = nil
    }

    // MARK: Time

    /// When `tick` has something to do next; nil while only events can bring something.
    var nextDeadline: MonotonicTime? {
        [keeper.isAttached ? pool.nextDeadline : nil, keeper.nextDeadline, schedulers.nextDeadline, news.deadline]
            .compactMap(\.self).min()
    }

    /// Does what is due by now. What has arrived must have been told before: after a pause of the daemon itself nobody is
    /// taken for silent.
    mutating func tick(now: MonotonicTime) {
        if keeper.isHung(now: now) { keeperHung(now) }
        keeper.endRetirement(now: now)
        if keeper.isAttached { perform(pool.tick(now: now), now) }
        for due in schedulers.takeDue(now: now) { releaseDue(due, now) }
    }

    /// After each event: drops what nobody refers to, tells of instances that changed, has kept what is wanted, looks for a
    /// keeper where none is.
    mutating func endTurn(now: MonotonicTime) {
        if keeper.isAttached { releaseTemplates() }
        let revision = pool.instances.revision &+ pool.tasks.revision
        if news.isDue(revision: revision, openings: pool.instances.openings, now: now) {
            broadcast(.instances(pool.summaries(configuration, privateBytes: { _ in nil })), now)
        }
        if pool.desired != keptDesired {
            keptDesired = pool.desired
            effects.keep(pool.desired)
        }
        if refusal == nil, keeper.beginConnecting(now: now) { effects.connectKeeper() }
    }

    /// While a keeper names what it holds, an ended template may still be named by an instance that comes later.
    private mutating func releaseTemplates() {
        for id in pool.templates.release(except: pool.instances.templates) {
            keeper.releaseTemplate(id)
            effects.order(.releaseTemplate(id))
        }
    }

    // MARK: Ending

    /// Before the daemon ends together with its instances: takes no new tasks, and sends those elsewhere that have no
    /// instance yet. Running ones go on.
    mutating func beginDrain(now: MonotonicTime) {
        isDraining = true
        perform(pool.failWaiting(in: pool.waiting.pools, .overloaded, Self.drainMessage), now)
    }

    static let drainMessage = "the node is being stopped: try again, or on another node"

    /// Whether the keeper and all its instances have said what they have.
    var isReconciled: Bool { keeper.isAttached && !pool.instances.all.contains(where: \.isAttaching) }

    /// Whether nobody would hear the end of an answer. Without a scheduler nobody hears any.
    var isDrained: Bool { schedulers.streams.isEmpty || pool.tasks.activeCount == 0 }

    /// The keeper is to end with everything that it holds; what was wanted stays kept.
    mutating func retire(now: MonotonicTime) {
        guard keeper.retire(now: now) else { return }
        (pool.desired, keptDesired) = (DesiredStates(), DesiredStates())
        effects.order(.retire)
    }

    /// The node must not serve as things are: whoever drives it ends it.
    mutating func refuse(_ reason: NodeDaemonError) {
        guard refusal == nil else { return }
        refusal = reason
        isDraining = true
        effects.note(.refused(reason))
    }

    /// Seconds since 1970 at a time.
    func wallClock(_ now: MonotonicTime) -> Double { startedAt + Double(now.microseconds(since: began)) / 1e6 }

    // MARK: Schedulers

    /// Tells one scheduler, if it listens.
    mutating func publish(_ event: NodeEvent, to scheduler: SchedulerID, _ now: MonotonicTime) {
        guard let stream = schedulers.stream(of: scheduler) else { return }
        publish(event, to: [stream], now)
    }

    /// Tells all schedulers that listen.
    mutating func broadcast(_ event: NodeEvent, _ now: MonotonicTime) {
        let streams = schedulers.streams
        if !streams.isEmpty { publish(event, to: streams, now) }
    }

    private mutating func publish(_ event: NodeEvent, to streams: [StreamNumber], _ now: MonotonicTime) {
        for cut in effects.publish(event, to: streams) {
            schedulers.close(cut, now: now)
            effects.note(.streamCut)
        }
    }
}
