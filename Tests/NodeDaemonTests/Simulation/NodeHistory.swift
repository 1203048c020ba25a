// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// A history of one node: everything that can happen, in any order, drawn from a seed; and what must hold after each event.
struct NodeHistory {
    private static let names: [ModelName] = [.example("one"), .example("alias"), .example("two")]
    private static let tenants = [TenantName(userID: 1), TenantName(userID: 2), TenantName(userID: 3)]

    private(set) var node: NodeMachine
    let host = SimulatedHost()
    private var schedulers = [SimulatedScheduler(1), SimulatedScheduler(2)]
    private var models = ServedNames.example([("one", "a"), ("alias", "a"), ("two", "b")])
    private var generator: SplitMix
    private let seed: UInt64
    private let configuration: NodeConfiguration
    /// What was seen on the way.
    private var ends: Set<String> = []

    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix(seed: seed)
        var configuration = NodeConfiguration(node: .local, runtimeDirectory: "/none", stateDirectory: "/none")
        configuration.maximumInstancesPerModel = 2
        configuration.maximumTasksPerInstance = 2
        configuration.idleSeconds = 20
        configuration.keyValueBytes = 4096
        self.configuration = configuration
        node = Self.makeNode(configuration, host, models, generator.next())
    }

    private static func makeNode(
        _ configuration: NodeConfiguration, _ host: SimulatedHost, _ models: ServedNames, _ seed: UInt64
    ) -> NodeMachine {
        var node = NodeMachine(
            configuration: configuration, effects: host, placement: NUMAPlacement(nodes: []), startedAt: 0,
            now: host.now, generator: SplitMix(seed: seed))
        node.begin(models, desired: [:], now: host.now)
        node.endTurn(now: host.now)
        return node
    }

    // MARK: What can happen

    /// One thing happens, and all promises are looked at.
    mutating func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<22: hear(Int.random(in: 1...8, using: &generator))
        // Nothing of this reaches the node before it hears of it.
        case 22..<36: return host.obey()
        case 36..<46: return readFrames()
        case 46..<62: return work()
        case 62..<76: schedule()
        case 76..<85: pass(Int.random(in: 1...3000, using: &generator))
        case 85: pass(Int.random(in: 10_000...40_000, using: &generator))
        case 86..<92: administrate()
        case 92..<97: hurt()
        default: disaster()
        }
        node.endTurn(now: host.now)
        noteLearned()
        checkPromises()
    }

    private mutating func noteLearned() {
        if node.pool.tasks.all.values.contains(where: { $0.claim == .unknown }) { ends.insert("learned") }
    }

    private mutating func pick<Element>(_ list: some Collection<Element>) -> Element? {
        list.randomElement(using: &generator)
    }

    private mutating func someInstance() -> InstanceID? {
        pick(host.instances.keys.sorted { $0.rawValue < $1.rawValue })
    }

    private mutating func someTemplate() -> TemplateID? {
        pick(host.templates.keys.sorted { $0.rawValue < $1.rawValue })
    }

    /// The node hears of what has happened.
    private mutating func hear(_ count: Int) {
        let heard = Array(host.events.prefix(count))
        host.events.removeFirst(heard.count)
        for event in heard { node.receive(event, now: host.now) }
    }

    private mutating func readFrames() {
        guard let id = someInstance(), let said = host.instances[id]?.readFrame() else { return }
        host.say(id, said)
    }

    /// Processes get on.
    private mutating func work() {
        if Int.random(in: 0..<4, using: &generator) == 0, let id = someTemplate() { host.finishTemplate(id) }
        if Int.random(in: 0..<6, using: &generator) > 0 { host.provideKeeper() } else { host.refuseKeeper() }
        guard let id = someInstance(), let started = host.instances[id]?.start(now: host.now) else { return }
        host.say(id, started)
        if let said = host.instances[id]?.step() { host.say(id, said) }
        if host.instances[id]?.isDone == true { host.endInstance(id, .exited(code: 0)) }
    }

    private mutating func schedule() {
        let index = Int.random(in: 0..<schedulers.count, using: &generator)
        schedulers[index].connect(&node, host)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4:
            guard let model = pick(Self.names), let tenant = pick(Self.tenants) else { return }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                schedulers[index].begin(model, tenant: tenant, length: Int.random(in: 1...12, using: &generator))
            }
            schedulers[index].submit(&node, host)
        case 4: if let id = pick(schedulers[index].open) { schedulers[index].cancel(id, &node, host) }
        case 5: schedulers[index].submit(&node, host)
        default: schedulers[index].read(&node, host)
        }
    }

    private mutating func pass(_ milliseconds: Int) {
        host.now = host.now.adding(milliseconds: milliseconds)
        tickIfDue()
    }

    private mutating func tickIfDue() {
        // What has arrived is told before an alarm.
        guard host.events.isEmpty, let deadline = node.nextDeadline, deadline <= host.now else { return }
        node.tick(now: host.now)
    }

    private mutating func administrate() {
        guard let name = pick(Self.names), let model = node.pool.names.served(name) else { return }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:
            let count = Int.random(in: 0...2, using: &generator)
            node.perform(node.pool.scale(model, to: count, now: host.now), host.now)
        case 1: node.perform(node.pool.pin(model, Bool.random(using: &generator), now: host.now), host.now)
        case 2: node.perform(node.pool.prepare(model, now: host.now), host.now)
        case 3: node.perform(node.pool.unload(model, now: host.now), host.now)
        case 4:
            guard let id = someInstance() else { return }
            host.mayCancel = true
            let plan = pick([nil, StopPlan.bounded(seconds: 1, exitSeconds: 1), StopPlan(steps: [.kill])]) ?? nil
            node.perform(node.pool.stopInstance(id, plan, now: host.now), host.now)
        default: changeModels()
        }
    }

    private mutating func changeModels() {
        let sets: [[(String, Character)]] = [
            [("one", "a"), ("alias", "a"), ("two", "b")], [("one", "c"), ("alias", "a"), ("two", "b")],
            [("one", "a"), ("two", "b")], [("alias", "a"), ("two", "a")],
        ]
        models = ServedNames.example(pick(sets) ?? sets[0])
        let repaired = Bool.random(using: &generator) ? Set(["a"].map { String.content($0) }) : []
        node.modelsChanged(models, repaired: repaired, now: host.now)
    }

    /// Single processes die, or do what they must not.
    private mutating func hurt() {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0..<3:
            guard let id = someInstance() else { return }
            let ends: [ProcessEnd] = [
                .signalled(signal: 9), .signalled(signal: 15), .signalled(signal: 11), .exited(code: 70),
                .exited(code: 0), .filtered, .outOfMemory,
            ]
            host.endInstance(id, pick(ends) ?? ends[0])
        case 3:
            guard let id = someTemplate() else { return }
            host.endTemplate(id, Bool.random(using: &generator) ? .signalled(signal: 9) : .exited(code: 1))
        case 4: if let id = someInstance() { host.instances[id]?.isHung = true }
        case 5: if let id = someInstance() { host.breakOff(id) }
        case 6:
            guard let id = someInstance(), let task = host.instances[id]?.running.first else { return }
            let token = GeneratedToken(index: 1000, id: 0, text: "")
            host.say(id, [.tokens([TaskToken(task: task, token: token)])])
        default:
            guard let id = someInstance() else { return }
            host.say(id, [.accepted(TaskID(rawValue: 7), promptTokens: 1)])
        }
    }

    /// The keeper, the daemon or a scheduler dies; or a scheduler's connection breaks.
    private mutating func disaster() {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: host.killKeeper()
        case 6, 7: host.hangKeeper()
        case 1, 2, 3: restartDaemon()
        case 4:
            let index = Int.random(in: 0..<schedulers.count, using: &generator)
            schedulers[index].restart(&node, host)
        default:
            let index = Int.random(in: 0..<schedulers.count, using: &generator)
            schedulers[index].disconnect(&node, host, isNoticed: true)
        }
    }

    private mutating func restartDaemon() {
        for index in schedulers.indices { schedulers[index].disconnect(&node, host, isNoticed: false) }
        host.killDaemon()
        node = Self.makeNode(configuration, host, models, generator.next())
    }

    // MARK: What must hold

    private func checkPromises() {
        let tasks = node.pool.tasks
        var waiting: [TaskID: PoolKey] = [:]
        for pool in node.pool.waiting.pools {
            for entry in node.pool.waiting[pool]?.entries ?? [] { waiting[entry.task] = pool }
        }
        var shares: [PoolKey: [TenantName: Int]] = [:]
        var counts: [InstanceID: Int] = [:]
        for (task, record) in tasks.all {
            switch record.place {
            case .waiting:
                promise(waiting[task] == record.pool, "a task waits nowhere")
            case .running(let instance):
                counts[instance, default: 0] += 1
                if !record.isPreempted { shares[record.pool, default: [:]][record.tenant, default: 0] += 1 }
                promise(node.pool.instances[instance] != nil, "a task runs at an instance that is gone")
            case .over(let instance): promise(node.pool.instances[instance] != nil, "a reply is kept nowhere")
            }
        }
        promise(shares == tasks.shares, "places are counted wrong")
        promise(waiting.count + counts.values.reduce(0, +) == tasks.activeCount, "tasks are counted wrong")
        for (id, count) in counts { promise(count == tasks.count(at: id), "an instance's tasks are counted wrong") }
        for pool in node.pool.instances.pools {
            promise(node.pool.instances.count(in: pool) <= 2, "more instances than the limit")
        }
        for (id, instance) in host.instances where node.pool.instances[id]?.isAttaching != true {
            promise(instance.running.count <= 2, "more tasks than an instance has places")
        }
    }

    /// The kinds of things that this history has seen.
    var whatHappened: Set<String> {
        var kinds = ends
        for scheduler in schedulers {
            kinds.formUnion(scheduler.jobs.values.compactMap(\.end))
            if scheduler.jobs.values.contains(where: { $0.attempts > 1 }) { kinds.insert("several attempts") }
        }
        for occurrence in host.occurrences {
            kinds.insert(String("\(occurrence)".prefix { $0 != "(" }))
        }
        return kinds
    }

    // MARK: The end

    /// From here on everybody is honest and lives: in the time that it takes, every job ends, and nothing is left over.
    mutating func comeToRest() {
        host.wakeKeeper()
        for _ in 0..<300 {
            hear(.max)
            noteLearned()
            host.provideKeeper()
            for _ in 0..<4 { host.obey() }
            for id in host.templates.keys.sorted(by: { $0.rawValue < $1.rawValue }) { host.finishTemplate(id) }
            for id in host.instances.keys.sorted(by: { $0.rawValue < $1.rawValue }) { live(id) }
            for index in schedulers.indices {
                schedulers[index].connect(&node, host)
                schedulers[index].read(&node, host)
                schedulers[index].submit(&node, host)
            }
            tickIfDue()
            node.endTurn(now: host.now)
            if isAtRest { return }
            host.now = host.now.adding(milliseconds: 500)
        }
        Issue.record("history \(seed) has not come to rest: \(unrest)")
    }

    private mutating func live(_ id: InstanceID) {
        if let started = host.instances[id]?.start(now: host.now) { host.say(id, started) }
        while host.instances[id]?.inbox.isEmpty == false {
            guard let said = host.instances[id]?.readFrame(), host.instances[id]?.isHung == false else { break }
            host.say(id, said)
        }
        if let said = host.instances[id]?.step() { host.say(id, said) }
        if host.instances[id]?.isDone == true { host.endInstance(id, .exited(code: 0)) }
    }

    private var isAtRest: Bool {
        !schedulers.contains { !$0.open.isEmpty } && node.pool.tasks.all.isEmpty && host.events.isEmpty
            && host.isEverythingReleased
            && Set(host.instances.keys) == host.channels
    }

    private var unrest: String {
        let open = schedulers.map { scheduler in scheduler.open.compactMap { scheduler.jobs[$0] } }
        return
            "open jobs \(open), tasks \(node.pool.tasks.all.mapValues { ($0.place, $0.claim) }), events \(host.events.count), "
            + "ended \(host.ended), instances \(host.instances.keys) with channels \(host.channels), "
            + "keeper \(node.keeper.phase)"
    }
}
