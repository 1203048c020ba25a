// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

@Suite struct InstancePoolTests {
    private typealias Action = InstancePool.Action
    private static let limits = InstancePool.Limits(
        instancesPerModel: 2, tasksPerInstance: 2, waitingTasks: 6, idleSeconds: 60)
    private let model = ServedModel(name: .example("guide"), content: .content("a"))
    private let label = TemplateLabel(name: .example("guide"), content: .content("a"))
    private let key = PoolKey(content: .content("a"))
    private var pool = InstancePool.example(limits, [("guide", "a")])

    private func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds * 1e9) + 1_000_000_000_000)
    }

    private func task(_ number: UInt64) -> TaskID { TaskID(rawValue: number) }

    private mutating func submit(_ number: UInt64, at seconds: Double = 0) -> [Action] {
        guard
            case .admitted(let actions) = pool.submit(
                .example(number), to: key, by: SchedulerTable.anonymous, now: time(seconds))
        else { return [] }
        return actions
    }

    private func assign(_ number: UInt64, _ instance: InstanceID) -> Action { .assign(.example(number), instance) }

    private func failed(_ number: UInt64, _ failure: TaskFailure, _ message: String) -> Action {
        .fail(task(number), failure, message: message, to: SchedulerTable.anonymous)
    }

    /// Templates that nobody refers to any more.
    private mutating func released() -> [TemplateID] { pool.templates.release(except: pool.instances.templates) }

    private func exited(_ code: Int32, _ reason: String? = nil) -> InstanceEnding {
        InstanceEnding(.exited(code: code, reason: reason))
    }

    private func signalled(_ signal: Int32) -> InstanceEnding {
        InstanceEnding(.signalled(signal: signal))
    }

    /// As `#expect(got == wanted)`, for events, which change the pool.
    private func check<Value: Equatable>(
        _ got: Value, _ wanted: Value, location: SourceLocation = #_sourceLocation
    ) {
        #expect(got == wanted, sourceLocation: location)
    }

    /// The one action of its kind; fails the test otherwise.
    private func template(in actions: [Action]) throws -> TemplateID {
        try #require(actions.compactMap { if case .startTemplate(let id, _) = $0 { id } else { nil } }.first)
    }

    private func instance(in actions: [Action]) throws -> InstanceID {
        try #require(actions.compactMap { if case .fork(let ids, _, _) = $0 { ids.first } else { nil } }.first)
    }

    /// Brings one instance up with task 1 on it.
    private mutating func warmUp() throws -> (TemplateID, InstanceID) {
        let template = try template(in: submit(1))
        let instance = try instance(in: pool.templateReady(template, nil, now: time(0)))
        check(pool.instanceReady(instance, now: time(0)), [assign(1, instance)])
        return (template, instance)
    }

    @Test("the first task starts a template, then an instance, and goes there")
    mutating func coldStart() throws {
        let started = submit(1)
        let template = try template(in: started)
        #expect(started == [.startTemplate(template, label)])
        let ready = pool.templateReady(template, nil, now: time(0))
        let instance = try instance(in: ready)
        #expect(ready == [.fork([instance], template: template, key)])
        check(pool.instanceReady(instance, now: time(0)), [assign(1, instance)])
    }

    @Test("a second task goes to the warm instance at once")
    mutating func warm() throws {
        let (_, instance) = try warmUp()
        check(submit(2), [assign(2, instance)])
    }

    @Test("a full instance gets a second one beside it, and no third")
    mutating func scaleUp() throws {
        let (template, first) = try warmUp()
        check(submit(2), [assign(2, first)])
        let forked = submit(3)
        let second = try instance(in: forked)
        #expect(forked == [.fork([second], template: template, key)])
        check(submit(4), [])
        check(submit(5), [])
        check(pool.instanceReady(second, now: time(1)), [assign(3, second), assign(4, second)])
        check(pool.end(task(1), now: time(2)), [assign(5, first)])
    }

    @Test("of two instances the one with fewer tasks gets the next")
    mutating func leastLoaded() throws {
        let (_, first) = try warmUp()
        _ = submit(2)
        let second = try instance(in: submit(3))
        _ = pool.instanceReady(second, now: time(0))
        _ = pool.end(task(1), now: time(0))
        _ = pool.end(task(2), now: time(0))
        check(submit(4), [assign(4, first)])
        #expect(pool.tasks.running(at: second) == [task(3)])
    }

    @Test("no more tasks wait than the limit allows")
    mutating func overload() {
        for number in 1...6 { _ = submit(UInt64(number)) }
        let admission = pool.submit(.example(7), to: key, by: SchedulerTable.anonymous, now: time(0))
        #expect(admission == .overloaded)
    }

    @Test("a template that fails gives the waiting tasks its sentence and pauses before the next")
    mutating func templateFails() throws {
        let first = try template(in: submit(1))
        let actions = pool.templateEnded(first, exited(1, "section 3 is cut off"), now: time(0))
        #expect(
            actions == [
                failed(1, .startFailed, "the model's template could not start: section 3 is cut off (exit status 1)")
            ])
        check(released(), [first])
        check(submit(2, at: 0.05), [])
        let due = try #require(pool.nextDeadline)
        #expect(due == time(0.1))
        _ = try template(in: pool.tick(now: due))
    }

    @Test("three failed starts in a row fail the waiting task, with growing pauses between")
    mutating func instanceStartsFail() throws {
        let template = try template(in: submit(1))
        var instance = try instance(in: pool.templateReady(template, nil, now: time(0)))
        var now = time(0)
        for pause in [100, 200] {
            let actions = pool.instanceEnded(instance, exited(70, "no memory"), now: now)
            #expect(actions == [.releaseInstance(instance), .cleared(key)])
            now = MonotonicTime(nanoseconds: now.nanoseconds + UInt64(pause) * 1_000_000)
            #expect(pool.nextDeadline == now)
            instance = try self.instance(in: pool.tick(now: now))
        }
        let last = pool.instanceEnded(instance, exited(70, "no memory"), now: now)
        #expect(
            last.contains(failed(1, .startFailed, "no instance of the model could start: no memory (exit status 70)")))
        #expect(pool.waiting.isEmpty)
    }

    @Test("an instance that dies by a signal loses its tasks, and its template is replaced before the next fork")
    mutating func crash() throws {
        let (template, instance) = try warmUp()
        let actions = pool.instanceEnded(instance, signalled(11), now: time(1))
        #expect(
            actions == [
                failed(1, .instanceCrashed, "its instance ended: signal 11 (Segmentation fault)"),
                .releaseInstance(instance), .cleared(key), .stopTemplate(template),
            ])
        let next = try self.template(in: submit(2, at: 1))
        #expect(next != template)
        check(pool.templateEnded(template, exited(0), now: time(2)), [])
        check(released(), [template])
    }

    @Test("a kill that was ordered does not taint the template")
    mutating func orderedKill() throws {
        let (template, instance) = try warmUp()
        check(pool.instanceMisbehaved(instance, reason: "nonsense"), [.kill(instance, reason: "nonsense")])
        check(pool.instanceMisbehaved(instance, reason: "again"), [])
        let actions = pool.instanceEnded(instance, signalled(9), now: time(1))
        #expect(!actions.contains(.stopTemplate(template)))
        #expect(pool.templates.ready(for: key.content) == template)
    }

    @Test("an idle instance is drained after the idle time, its template an idle time later")
    mutating func idle() throws {
        let (template, instance) = try warmUp()
        _ = pool.end(task(1), now: time(10))
        #expect(pool.nextDeadline == time(70))
        check(pool.tick(now: time(69.9)), [])
        check(pool.tick(now: time(70)), [.drain(instance)])
        check(
            pool.instanceEnded(instance, exited(0), now: time(70)), [.releaseInstance(instance), .cleared(key)])
        check(pool.tick(now: time(130)), [.stopTemplate(template)])
        check(pool.templateEnded(template, exited(0), now: time(131)), [])
        check(released(), [template])
        #expect(pool.nextDeadline == nil)
    }

    @Test("an instance that does not exit when drained, or is not ready in time, is killed")
    mutating func deadlines() throws {
        let template = try template(in: submit(1))
        let slow = try instance(in: pool.templateReady(template, nil, now: time(0)))
        let running = FromKeeper.RunningInstance(
            template: template, processID: 2,
            settings: InstanceSettings(keyValueBytes: 4096, rankCount: 1, maximumTasks: 2), preparedAt: time(0))
        pool.instances.change(slow) { $0.run(running, startedAt: 0) }
        let late = pool.tick(now: time(30))
        #expect(late.first == .kill(slow, reason: "it was not ready within 30 s"))
        let next = try instance(in: late)
        _ = pool.instanceEnded(slow, signalled(9), now: time(31))
        _ = pool.instanceReady(next, now: time(32))
        check(pool.stopInstance(next, now: time(33)), [.drain(next)])
        pool.instances.change(next) { $0.noteActivity(now: MonotonicTime(nanoseconds: 1_099_000_000_000)) }
        check(pool.tick(now: time(100)), [])
        _ = pool.end(task(1), now: time(100))
        check(pool.tick(now: time(110)), [.kill(next, reason: "it did not exit in the time that it had")])
    }

    @Test("what a keeper holds is taken over: tasks, room, and the model's key")
    mutating func adoption() throws {
        let template = TemplateID(rawValue: 77)
        let instance = InstanceID(rawValue: 78)
        pool.adoptTemplate(template, label, now: time(0))
        check(pool.templateReady(template, nil, now: time(0)), [])
        check(pool.adoptInstance(instance, template: template, now: time(0)), [])
        check(pool.reconcile(templates: [template], instances: [instance], now: time(0)), [])
        check(pool.tasks.learn(task(1), from: instance, of: key, now: time(0)), true)
        check(pool.instanceReady(instance, now: time(0)), [])
        check(submit(2), [assign(2, instance)])
        #expect(pool.tasks.count(at: instance) == 2)
    }

    @Test("an instance whose template ended before this daemon began keeps its model, and the entry is dropped with it")
    mutating func adoptionOfEndedTemplate() {
        let template = TemplateID(rawValue: 77)
        let instance = InstanceID(rawValue: 78)
        pool.adoptTemplate(template, label, now: time(0))
        check(pool.templateEnded(template, exited(1), now: time(0)), [])
        #expect(pool.health.isEmpty)
        check(pool.adoptInstance(instance, template: template, now: time(0)), [])
        check(pool.reconcile(templates: [template], instances: [instance], now: time(0)), [])
        check(
            pool.instanceEnded(instance, exited(0), now: time(1)), [.releaseInstance(instance), .cleared(key)])
        check(released(), [template])
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
        let actions = pool.reconcile(templates: [], instances: [], now: time(1))
        #expect(
            actions.contains(
                failed(1, .instanceLost, "its instance ended: its keeper does not have it any more")))
        #expect(pool.instances[instance] == nil)
        check(released(), [template])
    }

    @Test("a template that does not fork in time is replaced, and its instance is not waited for")
    mutating func hungTemplate() throws {
        let (template, _) = try warmUp()
        let actions = pool.scale(model, to: 2, now: time(1))
        let forked = actions.compactMap { order -> InstanceID? in
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
        pool.tasks.noteCancellation(task(1), now: time(1))
        #expect(pool.nextDeadline.map { $0 <= time(61) } == true)
        pool.instances.change(instance) { $0.noteActivity(now: MonotonicTime(nanoseconds: 1_061_000_000_000)) }
        let actions = pool.tick(now: time(61))
        #expect(actions.contains { if case .kill(instance, _) = $0 { true } else { false } })
    }

    @Test("what was to end when the connection to the keeper broke is told so again")
    mutating func repeatedOrders() throws {
        let (template, instance) = try warmUp()
        let first = pool.instanceMisbehaved(instance, reason: "it spoke nonsense")
        check(first, [.kill(instance, reason: "it spoke nonsense")])
        #expect(pool.unload(model, now: time(1)).contains(.stopTemplate(template)))
        let actions = pool.reconcile(templates: [template], instances: [instance], now: time(2))
        #expect(actions.contains(.stopTemplate(template)))
        #expect(actions.contains { if case .kill(instance, _) = $0 { true } else { false } })
    }

    @Test("a removed model fails its waiting tasks and drains its instances")
    mutating func removal() throws {
        let (template, instance) = try warmUp()
        for number in 2...4 { _ = submit(UInt64(number)) }
        let actions = pool.modelsChanged(ServedNames(), now: time(1))
        #expect(actions.contains(.drain(instance)))
        #expect(actions.contains(.stopTemplate(template)))
        #expect(actions.contains(failed(3, .modelNotFound, "the model 'guide' was removed")))
        #expect(pool.tasks[task(1)]?.place == .running(instance))
        #expect(pool.tasks[task(3)] == nil)
    }

    @Test("tasks that wait for content that was replaced get the new content, before those that came later")
    mutating func replacement() throws {
        let (template, instance) = try warmUp()
        _ = submit(2)
        let second = try self.instance(in: submit(3))
        _ = submit(4)
        _ = pool.submit(
            .example(5, digest: .content("a")), to: key, by: SchedulerTable.anonymous, now: time(1))
        let actions = pool.modelsChanged(.example([("guide", "b")]), now: time(1))
        let next = try self.template(in: actions)
        let successor = TemplateLabel(name: .example("guide"), content: .content("b"))
        let wanted: [Action] = [
            failed(5, .modelReplaced, NodeDaemonError.modelReplaced("guide").description), .drain(instance),
            .drain(second), .stopTemplate(template), .startTemplate(next, successor),
        ]
        #expect(actions == wanted)
        let pool2 = PoolKey(content: .content("b"))
        _ = pool.submit(.example(6), to: pool2, by: SchedulerTable.anonymous, now: time(1))
        #expect(pool.waiting[pool2]?.entries.map(\.task) == [task(3), task(4), task(6)])
    }

    @Test("where a damaged file was mended, the tasks that wait get a new template of the same content")
    mutating func mended() throws {
        let broken = try template(in: submit(1))
        let actions = pool.modelsChanged(pool.names, repaired: [key.content], now: time(1))
        let next = try template(in: actions)
        #expect(actions == [.stopTemplate(broken), .startTemplate(next, label)])
        #expect(pool.waiting[key]?.entries.map(\.task) == [task(1)])
    }

    @Test("names of one content share its template and instances, and a name that goes takes neither along")
    mutating func aliases() throws {
        _ = pool.modelsChanged(.example([("guide", "a"), ("alias", "a")]), now: time(0))
        let (template, instance) = try warmUp()
        let admission = pool.submit(
            .example(2, .example("alias")), to: key, by: SchedulerTable.anonymous, now: time(1))
        #expect(admission == .admitted([.assign(.example(2, .example("alias")), instance)]))
        check(pool.modelsChanged(.example([("alias", "a")]), now: time(2)), [])
        #expect(pool.templates.ready(for: key.content) == template)
        #expect(pool.names.shown(.example("guide"), for: key.content) == .example("alias"))
    }

    @Test("a kill of a ready instance from outside costs a fork at once, and its task is lost, not suspect")
    mutating func killedFromOutside() throws {
        let (template, first) = try warmUp()
        var instance = first
        for round in 0..<10 {
            let now = time(1 + Double(round) / 10)
            let actions = pool.instanceEnded(instance, signalled(9), now: now)
            #expect(actions.first == failed(1, .instanceLost, "its instance ended: signal 9 (Killed)"))
            #expect(!actions.contains(.stopTemplate(template)))
            guard case .admitted(let next) = pool.submit(.example(1), to: key, by: SchedulerTable.anonymous, now: now)
            else {
                Issue.record("refused in round \(round)")
                return
            }
            instance = try self.instance(in: next)
            check(pool.instanceReady(instance, now: now), [assign(1, instance)])
        }
    }

    @Test(
        "one request that crashes instance after instance opens the circuit breaker; crashes of different ones do not")
    mutating func crashingRequest() throws {
        for sameRequest in [false, true] {
            pool = .example(Self.limits, [("guide", "a")])
            for round in 0..<4 {
                let number = sameRequest ? 1 : UInt64(round + 1)
                let now = time(Double(100 * round))
                let template = try template(in: submit(number, at: Double(100 * round)))
                let instance = try instance(in: pool.templateReady(template, nil, now: now))
                check(pool.instanceReady(instance, now: now), [assign(number, instance)])
                _ = pool.instanceEnded(instance, signalled(11), now: now)
                _ = pool.templateEnded(template, exited(0), now: now)
                #expect(pool.health[key.content]?.failures ?? 0 == (sameRequest ? round : 0))
            }
            let admission = pool.submit(.example(9), to: key, by: SchedulerTable.anonymous, now: time(300))
            #expect((admission == .broken(message: "signal 11 (Segmentation fault)")) == sameRequest)
        }
    }

    @Test("a template that is killed from outside while it starts is started again, and nobody's request fails")
    mutating func killedTemplate() throws {
        let first = try template(in: submit(1))
        check(pool.templateEnded(first, signalled(9), now: time(0)), [])
        let second = try template(in: pool.tick(now: time(0.1)))
        let instance = try instance(in: pool.templateReady(second, nil, now: time(0.2)))
        check(pool.instanceReady(instance, now: time(0.2)), [assign(1, instance)])
        #expect(pool.health[key.content]?.failures ?? 0 == 0)
    }
}
