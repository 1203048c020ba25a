// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import FoundationEssentials
internal import LinuxKernel
internal import Logging
internal import Messages
internal import NIOCore
internal import ServingModel
internal import SystemdIntegration

/// The node: what the scheduler and administrators ask of it, what keeper and instances tell it, and the one place
/// where both meet. Decisions are `InstancePool`'s; this carries them out.
actor NodeService {
    private(set) var configuration: NodeConfiguration
    let store: ModelStore
    let reactor: InstanceReactor
    let logger: Logger
    let startedAt = ProcessFacts.wallClock
    private let launcher: KeeperLauncher
    private let placement = NUMAPlacement()

    var pool: InstancePool
    var tasks: [TaskID: NodeTask] = [:]
    /// Tasks at their end, oldest first; may name some that were released since.
    var endedTasks: [TaskID] = []
    var released: [InstanceID: ReleasedTasks] = [:]
    var instanceDetails: [InstanceID: InstanceDetails] = [:]
    var templateDetails: [TemplateID: TemplateDetails] = [:]
    var link = KeeperLink()
    var metrics = NodeMetrics()
    let desiredStateFile: DesiredStateFile
    /// What the file holds, or will when `desiredStateWriting` has ended.
    var keptDesired: [ModelKey: DesiredState] = [:]
    var desiredStateWriting: Task<Void, Never>?
    var events: EventBacklog?
    var publishedInstances: [InstanceID: InstanceState] = [:]
    /// The template whose readiness is being dealt with.
    var freshTemplate: TemplateID?
    /// Those who wait for the pool to come to a state.
    var waits = PoolWaits()
    private let encoder = JSONEncoder()
    /// When the reactor is to ring; nil where nothing is due.
    private var alarm: MonotonicTime?
    private var settledWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastWaiter = 0
    private var retirement: CheckedContinuation<Void, Never>?
    /// Takes no new tasks, since it is about to end with its instances.
    private(set) var isDraining = false
    private var drained: CheckedContinuation<Void, Never>?
    /// Why the node must not go on serving.
    private(set) var refusal: NodeDaemonError?

    init(
        configuration: NodeConfiguration, store: ModelStore, reactor: InstanceReactor, launcher: KeeperLauncher,
        logger: Logger
    ) {
        self.configuration = configuration
        self.store = store
        self.reactor = reactor
        self.launcher = launcher
        self.logger = logger
        desiredStateFile = DesiredStateFile(directory: configuration.nodeDirectory)
        pool = InstancePool(limits: configuration.poolLimits)
    }

    /// Reloadable settings have new values; the others are those of the start.
    func reconfigure(_ settings: NodeSettings) {
        configuration.settings = settings
        pool.keep(to: configuration.poolLimits)
        if link.phase == .attached { reactor.order(.keepPrewarmed(configuration.prewarmedTemplates)) }
        // Instances may have been idle for long enough now.
        setAlarm()
    }

    /// Attaches to the keeper and follows what happens, until the reactor is stopped.
    func run() async {
        readDesiredState()
        let connecting = Task { await connectKeeper() }
        for await _ in reactor.rings {
            for event in reactor.takeEvents() { take(event) }
            settle()
        }
        connecting.cancel()
        events?.finish()
    }

    // MARK: Keeper

    /// Connects to the keeper, again and again until it works.
    func connectKeeper() async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                let socket = try await WorkerThread.run { [launcher] in try launcher.connect() }
                link.beginAttachment(process: socket.peerProcessID)
                pool.isTakingOver = true
                reactor.attach(keeper: socket)
                setAlarm()
                return
            } catch {
                link.trouble = "\(error)"
                logger.error(
                    "no keeper; trying again", metadata: .about([:], kind: .keeperLost, ["error": "\(error)"]))
            }
            try? await ContinuousClock().sleep(for: pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    /// Before the daemon ends together with its instances: lets running answers come to their end for as long as it was
    /// told to. What has no instance yet goes elsewhere. Without a scheduler nobody would hear the answers.
    func drain() async {
        guard configuration.retiresOnStop, configuration.drainSeconds > 0 else { return }
        isDraining = true
        for task in pool.waiting.values.joined() where pool.withdraw(task) {
            fail(task, .overloaded, Self.drainMessage)
        }
        guard hasAudience else { return }
        let alarm = Task { [seconds = configuration.drainSeconds] in
            try await ContinuousClock().sleep(for: .seconds(seconds))
            endDrain()
        }
        await withCheckedContinuation { drained = $0 }
        alarm.cancel()
    }

    static let drainMessage = "the node is being stopped: try again, or on another node"

    private var hasAudience: Bool { events != nil && tasks.values.contains { !$0.isOver } }

    private func endDrain() {
        drained.take()?.resume()
    }

    /// Ends `run`. Keeper and instances go on, unless the daemon was told to take them along: then it waits until the
    /// keeper has gone, for at most ten seconds.
    func stop() async {
        await desiredStateWriting?.value
        if configuration.retiresOnStop, link.phase == .attached {
            link.phase = .retiring
            // Nothing is to be replaced any more; the file keeps what was wanted.
            (pool.desired, keptDesired) = ([:], [:])
            reactor.order(.retire)
            let alarm = Task {
                try await ContinuousClock().sleep(for: .seconds(10))
                retired()
            }
            await withCheckedContinuation { retirement = $0 }
            alarm.cancel()
        }
        reactor.stop()
    }

    /// Ends `run`: the node must not serve as things are.
    func refuse(_ reason: NodeDaemonError) {
        guard refusal == nil else { return }
        refusal = reason
        logger.critical("the node ends", metadata: .about([:], kind: .daemonRefuses, ["reason": "\(reason)"]))
        reactor.stop()
    }

    /// The keeper has gone as it was told, or takes too long.
    func retired() {
        retirement.take()?.resume()
    }

    // MARK: Orders

    /// Carries out what the pool decided, and what follows from it.
    func carryOut(_ orders: [InstancePool.Order]) {
        var queue = orders[...]
        while let order = queue.popFirst() { queue += carryOut(order) }
        settle()
    }

    private func carryOut(_ order: InstancePool.Order) -> [InstancePool.Order] {
        switch order {
        case .startTemplate(let id, let model): return startTemplate(id, model)
        case .stopTemplate(let id): reactor.order(.stopTemplate(id))
        case .releaseTemplate(let id):
            templateDetails[id] = nil
            link.seenTemplates.remove(id)
            reactor.order(.releaseTemplate(id))
        case .fork(let ids, let template, let model): return fork(ids, template, model)
        case .drain(let id): reactor.send([.drain], to: id)
        case .cancelTasks(let id):
            let tasks = pool.instances[id]?.tasks ?? []
            for task in tasks { pool.noteCancellation(of: task, now: .now) }
            reactor.send(tasks.map { .cancel($0) }, to: id)
        case .ping(let id):
            instanceDetails[id]?.replies.expectPong()
            reactor.send([.ping(0)], to: id)
        case .kill(let id, let reason):
            logger.warning(
                "killing an instance", metadata: .about([.instance: id], kind: .instanceHung, ["reason": "\(reason)"]))
            reactor.order(.killInstance(id))
        case .releaseInstance(let id):
            instanceDetails[id] = nil
            link.seenInstances.remove(id)
            released[id] = nil
            dropEndedTasks(of: id)
            reactor.close(id)
            reactor.order(.releaseInstance(id))
        case .assign(let task, let instance): assign(task, to: instance)
        case .fail(let task, let failure, let message): fail(task, failure, message)
        }
        return []
    }

    private func startTemplate(_ id: TemplateID, _ model: ModelKey) -> [InstancePool.Order] {
        do {
            let artefact = SharedDescriptor(try store.openArtefact(digest: model.digest))
            link.seenTemplates.insert(id)
            templateDetails[id] = TemplateDetails(processID: 0, orderedAt: .now)
            reactor.order(.startTemplate(id, model: model.keeperText), descriptor: artefact)
            link.expectAnswer()
            logger.info("starting a template", metadata: .about([.template: id, .model: model.name]))
            return []
        } catch {
            return pool.templateEnded(id, message: "its artefact cannot be opened: \(error)", now: .now)
        }
    }

    private func fork(_ ids: [InstanceID], _ template: TemplateID, _ model: ModelKey) -> [InstancePool.Order] {
        guard let summary = store[model.name], summary.digest == model.digest else {
            return ids.flatMap { pool.instanceEnded($0, status: nil, message: "its model was removed", now: .now) }
        }
        var settings = configuration.settings(for: summary)
        let templateStages = template == freshTemplate ? templateDetails[template]?.stages : nil
        let (now, wallClock) = (MonotonicTime.now, ProcessFacts.wallClock)
        var orders: [InstanceSettings: [InstanceID]] = [:]
        for id in ids {
            settings.processors = placement.processors(
                forRanks: settings.rankCount, beside: instanceDetails.values.lazy.map(\.settings))
            link.seenInstances.insert(id)
            instanceDetails[id] = InstanceDetails(
                processID: 0, settings: settings, orderedAt: now, startedAt: wallClock, templateStages: templateStages)
            orders[settings, default: []].append(id)
        }
        for (settings, ids) in orders { reactor.order(.fork(ids, template: template, settings)) }
        link.expectAnswer()
        return []
    }

    // MARK: Events and time

    /// Sends an event to the scheduler, if one listens.
    func publish(_ event: NodeEvent) {
        guard let events else { return }
        guard let data = try? encoder.encode(event) else { return }
        var line = ByteBuffer()
        line.reserveCapacity(data.count + 1)
        line.writeBytes(data)
        line.writeInteger(UInt8(ascii: "\n"))
        guard !events.append(line) else { return }
        self.events = nil
        logger.warning("the scheduler does not read its events: its stream is cut")
    }

    /// After each turn: tells of instances that changed, sets the alarm, lets those go on who waited for the keeper.
    func settle() {
        publishInstances()
        keepDesiredState()
        setAlarm()
        waits.look(at: pool)
        if isDraining, !hasAudience { endDrain() }
        guard link.phase == .attached, !pool.instances.values.contains(where: \.isAttaching) else { return }
        for waiter in settledWaiters.values { waiter.resume() }
        settledWaiters = [:]
    }

    /// Waits until the keeper and all its instances have told what they have, but not longer than five seconds.
    func waitUntilSettled() async {
        guard link.phase != .attached || pool.instances.values.contains(where: \.isAttaching) else { return }
        lastWaiter += 1
        let number = lastWaiter
        let alarm = Task {
            try await ContinuousClock().sleep(for: .seconds(5))
            release(number)
        }
        await withCheckedContinuation { settledWaiters[number] = $0 }
        alarm.cancel()
    }

    private func release(_ number: Int) {
        settledWaiters.removeValue(forKey: number)?.resume()
    }

    private func setAlarm() {
        let deadline = [
            link.phase == .attached ? pool.nextDeadline : nil, waits.nextDeadline,
            link.answerDeadline(configuration.answerSeconds),
        ].compactMap(\.self).min()
        // A deadline moves on with every token. The alarm that is set for an earlier one then rings in vain, once in two
        // seconds, which costs less than setting it anew each time.
        if let deadline, let alarm, alarm <= deadline { return }
        guard alarm != deadline else { return }
        alarm = deadline
        reactor.setAlarm(deadline)
    }

    /// What is due by now is done. What has arrived stands before the alarm in the reactor's events: after a pause of
    /// the daemon itself nobody is taken for silent.
    func alarmRang() {
        alarm = nil
        waits.giveUp(at: .now)
        if let deadline = link.answerDeadline(configuration.answerSeconds), deadline <= .now { keeperHung() }
        carryOut(pool.tick(now: .now))
    }
}
