// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

/// Numbers in a row: ids that tests can foresee.
struct CountingGenerator: RandomNumberGenerator {
    var last: UInt64 = 0

    mutating func next() -> UInt64 {
        last &+= 0x1000_0000_0000_0001
        return last
    }
}

extension ModelKey {
    static func example(_ name: String, digest: Character = "a") -> ModelKey {
        guard let key = ModelKey(keeperText: "\(name)@\(String(repeating: digest, count: 64))") else {
            preconditionFailure("the example is a key")
        }
        return key
    }
}

@Suite struct InstancePoolTests {
    private typealias Order = InstancePool.Order
    private let model = ModelKey.example("guide")
    private var pool = InstancePool(
        limits: .init(instancesPerModel: 2, tasksPerInstance: 2, waitingTasks: 6, idleSeconds: 60),
        generator: CountingGenerator())

    private func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds * 1e9) + 1_000_000_000_000)
    }

    private func task(_ number: UInt64) -> TaskID { TaskID(rawValue: number) }

    private mutating func submit(_ number: UInt64, at seconds: Double = 0) -> [Order] {
        guard case .admitted(let orders) = pool.submit(task(number), model: model, now: time(seconds)) else {
            return []
        }
        return orders
    }

    /// As `#expect(got == wanted)`, for events, which change the pool.
    private func check<Value: Equatable>(
        _ got: Value, _ wanted: Value, location: SourceLocation = #_sourceLocation
    ) {
        #expect(got == wanted, sourceLocation: location)
    }

    /// The one order of its kind; fails the test otherwise.
    private func template(in orders: [Order]) throws -> TemplateID {
        try #require(orders.compactMap { if case .startTemplate(let id, _) = $0 { id } else { nil } }.first)
    }

    private func instance(in orders: [Order]) throws -> InstanceID {
        try #require(orders.compactMap { if case .fork(let ids, _, _) = $0 { ids.first } else { nil } }.first)
    }

    /// Brings one instance up with task 1 on it.
    private mutating func warmUp() throws -> (TemplateID, InstanceID) {
        let template = try template(in: submit(1))
        let instance = try instance(in: pool.templateReady(template, now: time(0)))
        check(pool.instanceReady(instance, now: time(0)), [.assign(task(1), instance)])
        return (template, instance)
    }

    @Test("the first task starts a template, then an instance, and goes there")
    mutating func coldStart() throws {
        let started = submit(1)
        let template = try template(in: started)
        #expect(started == [.startTemplate(template, model)])
        let ready = pool.templateReady(template, now: time(0))
        let instance = try instance(in: ready)
        #expect(ready == [.fork([instance], template: template, model)])
        check(pool.instanceReady(instance, now: time(0)), [.assign(task(1), instance)])
    }

    @Test("a second task goes to the warm instance at once")
    mutating func warm() throws {
        let (_, instance) = try warmUp()
        check(submit(2), [.assign(task(2), instance)])
    }

    @Test("other limits hold from the next decision on, and what is there stays")
    mutating func otherLimits() throws {
        let (_, _) = try warmUp()
        for (limit, missing) in [(1, 0), (3, 2)] {
            pool.keep(to: .init(instancesPerModel: limit, tasksPerInstance: 2))
            let orders = pool.scale(model, to: 3, now: time(1))
            check(orders.reduce(0) { if case .fork(let ids, _, _) = $1 { $0 + ids.count } else { $0 } }, missing)
        }
    }

    @Test("a task that is submitted twice is there once")
    mutating func twice() throws {
        let (_, _) = try warmUp()
        check(submit(1), [])
        #expect(pool.instanceOfTask.count == 1)
    }

    @Test("a full instance gets a second one beside it, and no third")
    mutating func scaleUp() throws {
        let (template, first) = try warmUp()
        check(submit(2), [.assign(task(2), first)])
        let forked = submit(3)
        let second = try instance(in: forked)
        #expect(forked == [.fork([second], template: template, model)])
        check(submit(4), [])
        check(submit(5), [])
        check(pool.instanceReady(second, now: time(1)), [.assign(task(3), second), .assign(task(4), second)])
        check(pool.taskOver(task(1), isSuccess: true, now: time(2)), [.assign(task(5), first)])
    }

    @Test("of two instances the one with fewer tasks gets the next")
    mutating func leastLoaded() throws {
        let (_, first) = try warmUp()
        _ = submit(2)
        let second = try instance(in: submit(3))
        _ = pool.instanceReady(second, now: time(0))
        _ = pool.taskOver(task(1), isSuccess: true, now: time(0))
        _ = pool.taskOver(task(2), isSuccess: true, now: time(0))
        check(submit(4), [.assign(task(4), first)])
        #expect(pool.instances[second]?.tasks == [task(3)])
    }

    @Test("no more tasks wait than the limit allows")
    mutating func overload() {
        for number in 1...6 { _ = submit(UInt64(number)) }
        check(pool.submit(task(7), model: model, now: time(0)), InstancePool.Admission.overloaded)
    }

    @Test("a template that fails gives the waiting tasks its sentence and pauses before the next")
    mutating func templateFails() throws {
        let first = try template(in: submit(1))
        let orders = pool.templateEnded(first, message: "section 3 is cut off", now: time(0))
        #expect(
            orders == [
                .fail(task(1), .startFailed, message: "the model's template could not start: section 3 is cut off"),
                .releaseTemplate(first),
            ])
        check(submit(2, at: 0.05), [])
        let due = try #require(pool.nextDeadline)
        #expect(due == time(0.1))
        _ = try template(in: pool.tick(now: due))
    }

    @Test("three failed starts in a row fail the waiting task, with growing pauses between")
    mutating func instanceStartsFail() throws {
        let template = try template(in: submit(1))
        var instance = try instance(in: pool.templateReady(template, now: time(0)))
        var now = time(0)
        for pause in [100, 200] {
            let orders = pool.instanceEnded(instance, status: .exited(code: 70), message: "no memory", now: now)
            #expect(orders == [.releaseInstance(instance)])
            now = MonotonicTime(nanoseconds: now.nanoseconds + UInt64(pause) * 1_000_000)
            #expect(pool.nextDeadline == now)
            instance = try self.instance(in: pool.tick(now: now))
        }
        let last = pool.instanceEnded(instance, status: .exited(code: 70), message: "no memory", now: now)
        #expect(
            last.contains(.fail(task(1), .startFailed, message: "no instance of the model could start: no memory")))
        #expect(pool.waiting.isEmpty)
    }

    @Test("an instance that dies by a signal loses its tasks, and its template is replaced before the next fork")
    mutating func crash() throws {
        let (template, instance) = try warmUp()
        let orders = pool.instanceEnded(instance, status: .signalled(signal: 11), message: "signal 11", now: time(1))
        #expect(
            orders == [
                .releaseInstance(instance),
                .fail(task(1), .instanceLost, message: "its instance ended: signal 11"),
                .stopTemplate(template),
            ])
        check(submit(2, at: 1), [])
        let next = try self.template(in: pool.tick(now: time(1.2)))
        #expect(next != template)
        check(pool.templateEnded(template, message: "", now: time(2)), [.releaseTemplate(template)])
    }

    @Test("a kill that was ordered does not taint the template")
    mutating func orderedKill() throws {
        let (template, instance) = try warmUp()
        check(pool.instanceMisbehaved(instance, reason: "nonsense"), [.kill(instance, reason: "nonsense")])
        check(pool.instanceMisbehaved(instance, reason: "again"), [])
        let orders = pool.instanceEnded(instance, status: .signalled(signal: 9), message: "killed", now: time(1))
        #expect(!orders.contains(.stopTemplate(template)))
        #expect(pool.templates.ready(for: model) == template)
    }

    @Test("an idle instance is drained after the idle time, its template an idle time later")
    mutating func idle() throws {
        let (template, instance) = try warmUp()
        _ = pool.taskOver(task(1), isSuccess: true, now: time(10))
        #expect(pool.nextDeadline == time(70))
        check(pool.tick(now: time(69.9)), [])
        check(pool.tick(now: time(70)), [.drain(instance)])
        check(
            pool.instanceEnded(instance, status: .exited(code: 0), message: "", now: time(70)),
            [.releaseInstance(instance)])
        check(pool.tick(now: time(130)), [.stopTemplate(template)])
        check(pool.templateEnded(template, message: "", now: time(131)), [.releaseTemplate(template)])
        #expect(pool.nextDeadline == nil)
    }

    @Test("an instance that does not exit when drained, or is not ready in time, is killed")
    mutating func deadlines() throws {
        let template = try template(in: submit(1))
        let slow = try instance(in: pool.templateReady(template, now: time(0)))
        pool.instanceForked(slow)
        let late = pool.tick(now: time(30))
        #expect(late.first == .kill(slow, reason: "it was not ready within 30 s"))
        let next = try instance(in: late)
        _ = pool.instanceEnded(slow, status: .signalled(signal: 9), message: "", now: time(31))
        _ = pool.instanceReady(next, now: time(32))
        check(pool.stopInstance(next, now: time(33)), [.drain(next)])
        pool.instanceSpoke(next, now: time(99))
        check(pool.tick(now: time(100)), [])
        _ = pool.taskOver(task(1), isSuccess: true, now: time(100))
        check(pool.tick(now: time(110)), [.kill(next, reason: "it did not exit in the time that it had")])
    }

    @Test("what a keeper holds is taken over: tasks, room, and the model's key")
    mutating func adoption() throws {
        let template = TemplateID(rawValue: 77)
        let instance = InstanceID(rawValue: 78)
        pool.adoptTemplate(template, model: model, now: time(0))
        check(pool.templateReady(template, now: time(0)), [])
        check(pool.adoptInstance(instance, template: template, now: time(0)), [])
        check(pool.reconcile(templates: [template], instances: [instance], now: time(0)), [])
        check(pool.instanceAttached(instance, tasks: [task(1)], now: time(0)), [])
        check(submit(2), [.assign(task(2), instance)])
        check(submit(1), [])
    }

    @Test("an instance whose template ended before this daemon began keeps its model, and the entry is dropped with it")
    mutating func adoptionOfEndedTemplate() {
        let template = TemplateID(rawValue: 77)
        let instance = InstanceID(rawValue: 78)
        pool.isTakingOver = true
        pool.adoptTemplate(template, model: model, now: time(0))
        check(pool.templateEnded(template, message: "", now: time(0)), [])
        check(pool.adoptInstance(instance, template: template, now: time(0)), [])
        check(pool.reconcile(templates: [template], instances: [instance], now: time(0)), [])
        check(
            pool.instanceEnded(instance, status: .exited(code: 0), message: "", now: time(1)),
            [.releaseInstance(instance), .releaseTemplate(template)])
    }

    @Test("an instance of an unknown template is ended")
    mutating func orphan() {
        let orphan = InstanceID(rawValue: 5)
        check(
            pool.adoptInstance(orphan, template: TemplateID(rawValue: 6), now: time(0)),
            [.kill(orphan, reason: "nobody knows which model it serves")])
    }

    @Test("what a new keeper does not name is lost, and its tasks with it")
    mutating func reconciliation() throws {
        let (template, instance) = try warmUp()
        let orders = pool.reconcile(templates: [], instances: [], now: time(1))
        #expect(
            orders.contains(
                .fail(task(1), .instanceLost, message: "its instance ended: its keeper does not have it any more")))
        #expect(pool.instances[instance] == nil)
        #expect(pool.templates.templates[template] == nil)
    }

    @Test("a template that does not fork in time is replaced, and its instance is not waited for")
    mutating func hungTemplate() throws {
        let (template, _) = try warmUp()
        let orders = pool.scale(model, to: 2, now: time(1))
        let forked = orders.compactMap { order -> InstanceID? in
            guard case .fork(let ids, template, _) = order else { return nil }
            return ids.first
        }
        let id = try #require(forked.first)
        let late = pool.tick(now: time(1 + Double(pool.limits.startSeconds)))
        #expect(late.contains(.stopTemplate(template)))
        #expect(late.contains { if case .kill(id, _) = $0 { true } else { false } })
    }

    @Test("a cancelled task that does not end takes its instance with it")
    mutating func endlessTask() throws {
        let (_, instance) = try warmUp()
        pool.noteCancellation(of: task(1), now: time(1))
        #expect(pool.nextDeadline.map { $0 <= time(61) } == true)
        pool.instanceSpoke(instance, now: time(61))
        let orders = pool.tick(now: time(61))
        #expect(orders.contains { if case .kill(instance, _) = $0 { true } else { false } })
    }

    @Test("what was to end when the connection to the keeper broke is told so again")
    mutating func repeatedOrders() throws {
        let (template, instance) = try warmUp()
        let first = pool.instanceMisbehaved(instance, reason: "it spoke nonsense")
        check(first, [.kill(instance, reason: "it spoke nonsense")])
        #expect(pool.unload(model, now: time(1)).contains(.stopTemplate(template)))
        let orders = pool.reconcile(templates: [template], instances: [instance], now: time(2))
        #expect(orders.contains(.stopTemplate(template)))
        #expect(orders.contains { if case .kill(instance, _) = $0 { true } else { false } })
    }

    @Test("a removed model fails its waiting tasks and drains its instances")
    mutating func removal() throws {
        let (template, instance) = try warmUp()
        for number in 2...4 { _ = submit(UInt64(number)) }
        let orders = pool.retireModel(model, now: time(1))
        #expect(orders.contains(.drain(instance)))
        #expect(orders.contains(.stopTemplate(template)))
        #expect(orders.contains(.fail(task(3), .modelNotFound, message: "the model 'guide' was removed")))
        #expect(pool.instanceOfTask[task(1)] == instance)
    }

    @Test("tasks that wait for content that was replaced get the new content, before those that came later")
    mutating func replacement() throws {
        let (template, instance) = try warmUp()
        _ = submit(2)
        let second = try self.instance(in: submit(3))
        _ = submit(4)
        let successor = ModelKey.example("guide", digest: "b")
        let orders = pool.retireModel(model, successor: successor, now: time(1))
        let next = try self.template(in: orders)
        let wanted: [Order] = [
            .drain(instance), .drain(second), .stopTemplate(template), .startTemplate(next, successor),
        ]
        #expect(orders == wanted)
        _ = pool.submit(task(5), model: successor, now: time(1))
        #expect(pool.waiting[successor] == [task(3), task(4), task(5)])
    }

    @Test("where a damaged file was mended, the tasks that wait get a new template of the same content")
    mutating func mended() throws {
        let broken = try template(in: submit(1))
        let orders = pool.retireModel(model, successor: model, now: time(1))
        let next = try template(in: orders)
        #expect(orders == [.stopTemplate(broken), .startTemplate(next, model)])
        #expect(pool.waiting[model] == [task(1)])
    }

    @Test("a withdrawn task is never assigned")
    mutating func withdrawal() throws {
        let template = try template(in: submit(1))
        let instance = try instance(in: pool.templateReady(template, now: time(0)))
        check(pool.withdraw(task(1)), true)
        check(pool.withdraw(task(1)), false)
        check(pool.instanceReady(instance, now: time(0)), [])
    }
}
