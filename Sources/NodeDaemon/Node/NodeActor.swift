// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import NIOCore
internal import ServingModel

/// The node for everybody outside of it: brings events and orders one by one before the `NodeMachine`, and lets those wait
/// who asked for something that takes time. It decides nothing. It lives on the reactor's thread.
actor NodeActor {
    /// How long an order waits for a keeper and its instances to say what they have.
    private static let reconciliationSeconds = 5

    nonisolated let catalog: ModelCatalog
    nonisolated private let effects: ReactorEffects
    private let clock: any NodeClock
    private var machine: NodeMachine
    private var waits = NodeWaits()
    /// When the reactor is to ring; nil where nothing is due.
    private var alarm: MonotonicTime?
    /// The node takes no further turn: no state will come that somebody could wait for.
    private var isOver = false
    /// Whoever called `run`.
    private var runner: CheckedContinuation<Void, Never>?

    init(
        configuration: NodeConfiguration, catalog: ModelCatalog, effects: ReactorEffects,
        clock: any NodeClock = SystemNodeClock()
    ) {
        self.catalog = catalog
        self.effects = effects
        self.clock = clock
        machine = NodeMachine(
            configuration: configuration, effects: effects, placement: NUMAPlacement(), startedAt: clock.wallClock,
            now: clock.now)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { effects.executor }

    // MARK: Life

    /// Finds a keeper and follows what happens, until `stop`.
    func run() async {
        catalog.observe { [weak self] repaired in await self?.modelsChanged(repaired: repaired) }
        let desired = effects.readDesired()
        turn { $0.begin(catalog.names, desired: desired, now: $1) }
        effects.follow { [weak self] events in self?.assumeIsolated { $0.receive(events) } }
        await withCheckedContinuation { continuation in
            if isOver { continuation.resume() } else { runner = continuation }
        }
        effects.endStreams()
    }

    private func receive(_ events: [ReactorEvent]) {
        for event in events {
            if event == .alarm { alarm = nil }
            machine.receive(event, now: clock.now)
        }
        endTurn(clock.now)
    }

    /// What the node goes by now.
    var configuration: NodeConfiguration { machine.configuration }

    /// Reloadable settings have new values; the others are those of the start.
    func reconfigure(_ settings: NodeSettings) {
        turn { machine, _ in machine.reconfigure(settings) }
    }

    /// Why the node must not go on serving; nil where it may.
    var refusal: NodeDaemonError? { machine.refusal }

    /// Returns when the node must not go on serving, or `run` has ended.
    func untilRefused() async {
        _ = await wait(seconds: nil) { $0.refusal == nil ? .pending : .reached }
    }

    /// Before the daemon ends together with its instances: lets running answers come to their end for as long as it was
    /// told to. What has no instance yet goes elsewhere. Without a scheduler nobody would hear the answers.
    func drain() async {
        guard configuration.retiresOnStop, configuration.drainSeconds > 0 else { return }
        turn { $0.beginDrain(now: $1) }
        _ = await wait(seconds: configuration.drainSeconds) { $0.isDrained ? .reached : .pending }
    }

    /// Ends `run`. Keeper and instances go on, unless the daemon was told to take them along: then it waits until the
    /// keeper has gone, as long as it may take.
    func stop() async {
        if configuration.retiresOnStop {
            turn { $0.retire(now: $1) }
            _ = await wait(seconds: configuration.stopSeconds) { $0.keeper.isRetiring ? .pending : .reached }
        }
        await effects.finishKeeping()
        effects.stop()
        isOver = true
        waits.end()
        runner.take()?.resume()
    }

    /// One event or order, and what follows from it.
    private func turn<Failure>(
        _ body: (inout NodeMachine, MonotonicTime) throws(Failure) -> Void
    ) throws(Failure) {
        let now = clock.now
        defer { endTurn(now) }
        try body(&machine, now)
    }

    private func endTurn(_ now: MonotonicTime) {
        machine.endTurn(now: now)
        waits.wake(machine, now: now)
        let deadline = [machine.nextDeadline, waits.nextDeadline].compactMap(\.self).min()
        // A deadline moves on with every token. The alarm that is set for an earlier one then rings in vain, once in two
        // seconds, which costs less than setting it anew each time.
        if let deadline, let alarm, alarm <= deadline { return }
        guard alarm != deadline else { return }
        alarm = deadline
        effects.setAlarm(deadline)
    }

    /// Waits until the node has come to a state, so many seconds at most (nil: without a bound), and while it goes on: then
    /// it is still `pending`.
    private func wait(seconds: Int?, _ condition: @escaping NodeWaits.Condition) async -> NodeWaits.Outcome {
        let outcome = condition(machine)
        guard outcome == .pending, !isOver else { return outcome }
        return await withCheckedContinuation { continuation in
            let now = clock.now
            waits.add(until: seconds.map { now.adding(seconds: $0) }, condition, continuation)
            endTurn(now)
        }
    }

    /// Waits until the keeper and all its instances have said what they have, but not for long.
    private func waitUntilReconciled() async {
        _ = await wait(seconds: Self.reconciliationSeconds) { $0.isReconciled ? .reached : .pending }
    }

    private func modelsChanged(repaired: Set<String>) {
        turn { $0.modelsChanged(catalog.names, repaired: repaired, now: $1) }
    }

    // MARK: Listings, which ask /proc, away from the reactor's thread

    /// The node at this time.
    private var snapshot: NodeSnapshot { NodeSnapshot(machine) }

    /// All instances that live.
    nonisolated func instances() async -> [InstanceSummary] { await snapshot.instances() }

    /// All templates that live.
    nonisolated func templates() async throws -> [TemplateSummary] {
        let snapshot = await snapshot
        let resident = try await catalog.residence(of: snapshot.contents)
        return snapshot.templates(resident: resident)
    }

    /// The node as a whole.
    nonisolated func status() async -> NodeStatus { await snapshot.status() }

    /// The node's metrics in Prometheus' text format.
    nonisolated func metricsText() async -> String { await snapshot.metricsText(effects.metrics.counted) }

    // MARK: Schedulers

    /// Refuses a scheduler that was replaced.
    func check(_ scheduler: SchedulerIdentity?) throws(NodeAPIError) {
        try turn { (machine, now) throws(NodeAPIError) in try machine.admit(scheduler, now) }
    }

    /// Begins a scheduler's event stream, and ends the one that it had.
    func openEvents(by scheduler: SchedulerIdentity?) throws(NodeAPIError) -> EventStream {
        let backlog = EventBacklog(byteLimit: configuration.backlogBytes)
        let now = clock.now
        defer { endTurn(now) }
        let number = try machine.openStream(of: scheduler, now: now) { effects.begin($0, backlog) }
        return EventStream(number: number, backlog: backlog)
    }

    /// A stream's connection is gone.
    func closeEvents(_ stream: EventStream) {
        effects.end(stream.number)
        turn { $0.schedulers.close(stream.number, now: $1) }
    }

    /// Takes a task in; of one that is here already the events are sent again.
    func submit(_ task: ServingTask, by scheduler: SchedulerIdentity?) async throws(NodeAPIError) {
        await waitUntilReconciled()
        try turn { (machine, now) throws(NodeAPIError) in try machine.submit(task, by: scheduler, now: now) }
    }

    /// Ends a task; its `finished` event follows.
    func cancel(_ task: TaskID, by scheduler: SchedulerIdentity?) throws(NodeAPIError) {
        try turn { (machine, now) throws(NodeAPIError) in try machine.cancel(task, by: scheduler, now: now) }
    }

    /// Has a task's events sent again from a part's index on.
    func resume(_ task: TaskID, from index: Int, by scheduler: SchedulerIdentity?) async throws(NodeAPIError) {
        await waitUntilReconciled()
        try turn { (machine, now) throws(NodeAPIError) in try machine.resume(task, from: index, by: scheduler, now: now)
        }
    }

    /// The scheduler has these parts, or is done with these tasks.
    func acknowledge(_ list: [TaskAcknowledgement], by scheduler: SchedulerIdentity?) throws(NodeAPIError) {
        try turn { (machine, now) throws(NodeAPIError) in try machine.acknowledge(list, by: scheduler, now: now) }
    }

    // MARK: Instances and templates

    /// Brings a model to so many instances and keeps them.
    func scale(_ order: InstanceScale) async throws(NodeAPIError) -> [InstanceSummary] {
        guard (0...configuration.maximumInstancesPerModel).contains(order.count) else {
            throw .badRequest(
                "'count' must be 0 to \(configuration.maximumInstancesPerModel): raise the node's setting "
                    + "instances.maximum for more")
        }
        let model = try await modelForOrder(order.model)
        turn { $0.perform($0.pool.scale(model, to: order.count, now: $1), $1) }
        try await expect("'\(order.model)' has not come to \(order.count) instances") {
            ModelProgress(model: model, pool: $0.pool).hasInstances
        }
        return machine.pool.summaries(configuration, privateBytes: { _ in nil })
            .filter { machine.pool.instances[$0.id]?.pool.content == model.content }
    }

    /// Starts a model's template where there is none, and pins it or not.
    func load(_ order: ModelLoad) async throws(NodeAPIError) {
        let model = try await modelForOrder(order.model)
        turn { machine, now in
            if let pins = order.pins { machine.perform(machine.pool.pin(model, pins, now: now), now) }
            machine.perform(machine.pool.prepare(model, now: now), now)
        }
        try await expect("the template of '\(order.model)' was not ready") {
            ModelProgress(model: model, pool: $0.pool).isPrepared
        }
    }

    /// Drains a model's instances and ends its template.
    func unload(_ name: ModelName) async throws(NodeAPIError) {
        let model = try await modelForOrder(name)
        turn { $0.perform($0.pool.unload(model, now: $1), $1) }
        try await expect("'\(name)' still has instances with tasks") {
            ModelProgress(model: model, pool: $0.pool).isUnloaded
        }
    }

    /// An administrator wants an instance gone: after its tasks, or within so many seconds; false where there is none.
    func stopInstance(_ id: InstanceID, within seconds: Int? = nil) -> Bool {
        guard machine.pool.instances[id] != nil else { return false }
        turn { machine, now in
            let plan = seconds.map { StopPlan.bounded(seconds: $0, exitSeconds: machine.pool.limits.drainSeconds) }
            machine.perform(machine.pool.stopInstance(id, plan, now: now), now)
        }
        return true
    }

    /// What the model's name stands for, with a keeper at hand.
    private func modelForOrder(_ name: ModelName) async throws(NodeAPIError) -> ServedModel {
        await waitUntilReconciled()
        guard let model = machine.pool.names.served(name) else {
            throw .failure(.modelNotFound, NodeDaemonError.unknownModel(name.text).description)
        }
        try machine.keeper.requireAttached()
        return model
    }

    private func expect(_ complaint: String, _ condition: @escaping NodeWaits.Condition) async throws(NodeAPIError) {
        let seconds = configuration.scaleSeconds
        switch await wait(seconds: seconds, condition) {
        case .reached: return
        case .pending: throw .failure(.overloaded, "\(complaint) after \(seconds) s: see instance list")
        case .failed(let message): throw .failure(.startFailed, message)
        }
    }
}
