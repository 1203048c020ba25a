// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// Instances that live and say nothing.
@Suite struct InstanceSilenceTests {
    private typealias Action = InstancePool.Action
    private let key = PoolKey(content: .content("a"))
    private let instance = InstanceID(rawValue: 78)
    private var pool = InstancePool.example(.init(instancesPerModel: 1, tasksPerInstance: 2), [("guide", "a")])

    /// One warm instance without tasks, found at a keeper.
    init() {
        let template = TemplateID(rawValue: 77)
        pool.adoptTemplate(template, TemplateLabel(name: .example("guide"), content: key.content), now: time(0))
        _ = pool.templateReady(template, nil, now: time(0))
        _ = pool.adoptInstance(instance, template: template, now: time(0))
        _ = pool.instanceReady(instance, now: time(0))
    }

    private func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds * 1e9) + 1_000_000_000_000)
    }

    private mutating func submit(_ number: UInt64, at seconds: Double) {
        let admission = pool.submit(.example(number), to: key, by: SchedulerTable.anonymous, now: time(seconds))
        #expect(admission == .admitted([.assign(.example(number), instance)]))
    }

    private mutating func tick(at seconds: Double) -> [Action] { pool.tick(now: time(seconds)) }

    @Test("one that has tasks is asked after two seconds of silence, killed after ten more, and its tasks are lost")
    mutating func hung() {
        submit(1, at: 100)
        #expect(pool.nextDeadline == time(102))
        let early = tick(at: 101.9)
        #expect(early.isEmpty)
        let asked = tick(at: 102)
        #expect(asked == [.ping(instance)])
        #expect(pool.nextDeadline == time(112))
        let patient = tick(at: 111.9)
        #expect(patient.isEmpty)
        let killed = tick(at: 112)
        #expect(killed == [.kill(instance, reason: "it has tasks and did not answer within 10 s")])
        #expect(pool.nextDeadline == nil)
        let ending = InstanceEnding(.killedByOrder)
        let ended = pool.instanceEnded(instance, ending, now: time(112.1))
        // What it hung at may be the task.
        #expect(
            ended.first
                == .fail(
                    TaskID(rawValue: 1), .instanceCrashed, message: "its instance ended: killed by order",
                    to: SchedulerTable.anonymous))
        // The template did nothing wrong.
        let next = pool.submit(.example(2), to: key, by: SchedulerTable.anonymous, now: time(113))
        guard case .admitted(let actions) = next, case .fork? = actions.first else {
            Issue.record("no other instance is forked: \(next)")
            return
        }
    }

    @Test("any word is a sign of life, also while a long step computes")
    mutating func slow() {
        submit(1, at: 0)
        for second in stride(from: 2.0, through: 200, by: 2) {
            let actions = tick(at: second)
            #expect(actions == [.ping(instance)])
            let now = time(second)
            pool.instances.change(instance) { $0.noteActivity(now: now) }
        }
    }

    @Test("one that answers pings while its ranks stand still is killed, and one whose ranks get on is not")
    mutating func stalled() {
        submit(1, at: 0)
        for second in stride(from: 2.0, through: 60, by: 2) {
            let actions = tick(at: second)
            #expect(actions == [.ping(instance)])
            let now = time(second)
            pool.instances.change(instance) { $0.notePong(progress: UInt64(second), now: now) }
        }
        for second in stride(from: 62.0, to: 90, by: 2) {
            let actions = tick(at: second)
            #expect(actions == [.ping(instance)])
            let now = time(second)
            pool.instances.change(instance) { $0.notePong(progress: 60, now: now) }
        }
        let killed = tick(at: 90)
        #expect(killed == [.kill(instance, reason: "it has tasks and its ranks have taken no work for 30 s")])
    }

    @Test("one whose tasks all wait for their readers computes nothing, and is no stalled one")
    mutating func paused() {
        submit(1, at: 0)
        for second in stride(from: 2.0, through: 200, by: 2) {
            let actions = tick(at: second)
            #expect(actions == [.ping(instance)])
            let now = time(second)
            pool.instances.change(instance) { $0.notePong(progress: nil, now: now) }
        }
    }

    @Test("one without tasks is never asked and needs no timer, however long it says nothing")
    mutating func idle() {
        #expect(pool.nextDeadline == nil)
        let actions = tick(at: 10_000)
        #expect(actions.isEmpty)
        submit(1, at: 10_000)
        #expect(pool.nextDeadline == time(10_002))
        _ = pool.end(TaskID(rawValue: 1), now: time(10_001))
        #expect(pool.nextDeadline == nil)
    }

    @Test("a flow of new tasks does not put off the end of a hung one")
    mutating func flow() {
        submit(1, at: 0)
        _ = tick(at: 2)
        submit(2, at: 11)
        let actions = tick(at: 12)
        #expect(actions == [.kill(instance, reason: "it has tasks and did not answer within 10 s")])
    }

    @Test("one that finishes its tasks before it goes is watched too")
    mutating func draining() {
        submit(1, at: 0)
        _ = pool.stopInstance(instance, now: time(1))
        let asked = tick(at: 2)
        #expect(asked == [.ping(instance)])
        let killed = tick(at: 12)
        #expect(killed == [.kill(instance, reason: "it has tasks and did not answer within 10 s")])
    }
}
