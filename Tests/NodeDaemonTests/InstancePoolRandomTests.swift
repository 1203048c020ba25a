// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

/// Every event in every state, thousands of times: nothing traps, no promise is broken.
@Suite struct InstancePoolRandomTests {
    /// What the world around the pool holds, kept from its orders alone.
    private struct World {
        var pool = InstancePool(
            limits: .init(instancesPerModel: 3, tasksPerInstance: 3, waitingTasks: 8, idleSeconds: 5),
            generator: CountingGenerator())
        var generator: SplitMix
        var now = MonotonicTime(nanoseconds: 1_000_000_000)
        let models = [ModelKey.example("one"), ModelKey.example("two"), ModelKey.example("one", digest: "b")]
        var templates: [TemplateID] = []
        var instances: [InstanceID] = []
        /// Tasks that the pool took and has neither ended nor lost.
        var open: Set<TaskID> = []
        var lastTask: UInt64 = 0

        mutating func pick<Element>(_ list: [Element]) -> Element? { list.randomElement(using: &generator) }

        mutating func obey(_ orders: [InstancePool.Order]) {
            for order in orders {
                switch order {
                case .startTemplate(let id, _): templates.append(id)
                case .fork(let ids, let template, let model):
                    #expect(pool.templates.templates[template]?.model == model)
                    #expect(!ids.isEmpty)
                    instances += ids
                case .assign(let task, let id):
                    #expect(open.contains(task), "assigned a task that nobody submitted")
                    #expect(pool.instances[id] != nil || pool.instanceOfTask[task] == nil)
                case .fail(let task, _, let message):
                    #expect(open.remove(task) != nil, "failed a task twice")
                    #expect(!message.isEmpty)
                case .releaseInstance(let id): instances.removeAll { $0 == id }
                case .releaseTemplate(let id): templates.removeAll { $0 == id }
                case .stopTemplate, .drain, .cancelTasks, .ping, .kill: break
                }
            }
        }

        mutating func step() {
            now = MonotonicTime(nanoseconds: now.nanoseconds + UInt64.random(in: 0...400_000_000, using: &generator))
            switch Int.random(in: 0..<21, using: &generator) {
            case 0...4: submit()
            case 5: if let id = pick(templates) { obey(pool.templateReady(id, now: now)) }
            case 6: if let id = pick(templates) { obey(pool.templateEnded(id, message: "x", now: now)) }
            case 7, 8: if let id = pick(instances) { obey(pool.instanceReady(id, now: now)) }
            case 9: endInstance()
            case 10, 11: if let task = pick(Array(pool.instanceOfTask.keys)) { end(task) }
            case 12: if let task = pick(Array(open)), pool.withdraw(task) { open.remove(task) }
            case 13: obey(pool.tick(now: pool.nextDeadline.map { max($0, now) } ?? now))
            case 14: strange()
            case 15: speak()
            case 16: if let id = pick(instances) { pool.instanceForked(id) }
            case 17: order()
            case 18: if let id = pick(instances) { obey(pool.stopInstance(id, plan, now: now)) }
            default: retire()
            }
        }

        /// What an administrator may order at any time.
        private mutating func order() {
            guard let model = pick(models) else { return }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: obey(pool.scale(model, to: Int.random(in: -1...5, using: &generator), now: now))
            case 1: obey(pool.pin(model, Bool.random(using: &generator), now: now))
            case 2: obey(pool.prepare(model, now: now))
            default: obey(pool.unload(model, now: now))
            }
        }

        private var plan: StopPlan? {
            mutating get {
                pick([nil, .graceful(exitSeconds: 1), .bounded(seconds: 2, exitSeconds: 1), StopPlan(steps: [.kill])])
                    ?? nil
            }
        }

        private mutating func submit() {
            lastTask += 1
            let task = TaskID(rawValue: lastTask)
            guard let model = pick(models) else { return }
            open.insert(task)
            switch pool.submit(task, model: model, now: now) {
            case .admitted(let orders): obey(orders)
            case .overloaded, .broken: open.remove(task)
            }
        }

        private mutating func end(_ task: TaskID) {
            open.remove(task)
            obey(pool.taskOver(task, isSuccess: Bool.random(using: &generator), now: now))
        }

        private mutating func speak() {
            if let id = pick(instances) { pool.instanceSpoke(id, now: now) }
        }

        private mutating func retire() {
            guard let model = pick(models) else { return }
            let successor = Bool.random(using: &generator) ? pick(models) : nil
            // What comes together may be more than may come one by one.
            let count = pool.waiting[model, default: []].count
            if let successor, successor != model, count + pool.waiting[successor, default: []].count > 8 { return }
            obey(pool.retireModel(model, successor: successor, now: now))
        }

        private mutating func endInstance() {
            guard let id = pick(instances) else { return }
            let statuses: [LinuxKernel.ExitStatus?] = [nil, .exited(code: 0), .exited(code: 1), .signalled(signal: 11)]
            obey(pool.instanceEnded(id, status: pick(statuses) ?? nil, message: "x", now: now))
        }

        /// What no keeper or instance should say, and re-attachments at any time.
        private mutating func strange() {
            let unknown = InstanceID(rawValue: UInt64.random(in: 1...9, using: &generator))
            let template = pick(templates) ?? TemplateID(rawValue: 3)
            obey(pool.instanceReady(unknown, now: now))
            obey(pool.templateReady(TemplateID(rawValue: 4), now: now))
            obey(pool.taskOver(TaskID(rawValue: .max), isSuccess: true, now: now))
            if let id = pick(instances) { obey(pool.instanceMisbehaved(id, reason: "x")) }
            if let id = pick(instances) { obey(pool.stopInstance(id, now: now)) }
            obey(pool.adoptInstance(unknown, template: template, now: now))
            obey(pool.instanceAttached(unknown, tasks: [TaskID(rawValue: .max - 1)], now: now))
            open.insert(TaskID(rawValue: .max - 1))
            if Int.random(in: 0..<4, using: &generator) == 0 {
                let kept = Set(instances.filter { _ in Bool.random(using: &generator) })
                obey(pool.reconcile(templates: Set(templates.prefix(1)), instances: kept, now: now))
            }
            if pool.instanceOfTask[TaskID(rawValue: .max - 1)] == nil { open.remove(TaskID(rawValue: .max - 1)) }
        }

        func checkPromises() {
            for (id, instance) in pool.instances {
                #expect(instance.tasks.allSatisfy { pool.instanceOfTask[$0] == id })
                #expect(pool.templates.templates[instance.template] != nil, "an instance of a released template")
            }
            for (task, id) in pool.instanceOfTask { #expect(pool.instances[id]?.tasks.contains(task) == true) }
            for model in models {
                let forked = pool.instances.values.filter { $0.model == model }
                #expect(forked.count <= 3 + 9, "over the limit, adopted ones aside")
                #expect(pool.waiting[model, default: []].count <= 8)
            }
            let placed = Set(pool.instanceOfTask.keys).union(pool.waiting.values.joined())
            #expect(open.subtracting(placed).isEmpty, "a task got lost")
            #expect(placed.subtracting(open).isEmpty, "a task came from nowhere")
        }
    }

    @Test("random events keep every promise", arguments: UInt64(1)...40)
    func random(seed: UInt64) {
        var world = World(generator: SplitMix(seed: seed))
        for _ in 0..<400 {
            world.step()
            world.checkPromises()
        }
    }

    @Test("after any history, time and an honest world bring every task to an end", arguments: UInt64(1)...20)
    func progress(seed: UInt64) {
        var world = World(generator: SplitMix(seed: seed))
        for _ in 0..<200 { world.step() }
        for _ in 0..<200 where !world.open.isEmpty {
            if let deadline = world.pool.nextDeadline { world.now = max(world.now, deadline) }
            world.obey(world.pool.tick(now: world.now))
            for (id, template) in world.pool.templates.templates {
                switch template.phase {
                case .starting: world.obey(world.pool.templateReady(id, now: world.now))
                case .retired: world.obey(world.pool.templateEnded(id, message: "", now: world.now))
                case .ready, .ended: break
                }
            }
            for (id, instance) in world.pool.instances {
                if instance.isCondemned || (instance.isDraining && instance.tasks.isEmpty) {
                    world.obey(
                        world.pool.instanceEnded(id, status: .exited(code: 0), message: "x", now: world.now))
                } else if instance.isAttaching {
                    world.obey(world.pool.instanceAttached(id, tasks: [], now: world.now))
                } else {
                    world.obey(world.pool.instanceReady(id, now: world.now))
                }
            }
            for task in world.pool.instanceOfTask.keys {
                world.open.remove(task)
                world.obey(world.pool.taskOver(task, isSuccess: true, now: world.now))
            }
        }
        #expect(world.open.isEmpty)
    }
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
