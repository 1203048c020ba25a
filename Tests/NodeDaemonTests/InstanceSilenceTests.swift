// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

/// Instances that live and say nothing.
@Suite struct InstanceSilenceTests {
    private typealias Order = InstancePool.Order
    private let model = ModelKey.example("guide")
    private let instance = InstanceID(rawValue: 78)
    private var pool = InstancePool(
        limits: .init(instancesPerModel: 1, tasksPerInstance: 2), generator: CountingGenerator())

    /// One warm instance without tasks, found at a keeper.
    init() {
        let template = TemplateID(rawValue: 77)
        pool.adoptTemplate(template, model: model, now: time(0))
        _ = pool.templateReady(template, now: time(0))
        _ = pool.adoptInstance(instance, template: template, now: time(0))
        _ = pool.instanceAttached(instance, tasks: [], now: time(0))
    }

    private func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds * 1e9) + 1_000_000_000_000)
    }

    private mutating func submit(_ number: UInt64, at seconds: Double) {
        let admission = pool.submit(TaskID(rawValue: number), model: model, now: time(seconds))
        #expect(admission == .admitted([.assign(TaskID(rawValue: number), instance)]))
    }

    private mutating func tick(at seconds: Double) -> [Order] { pool.tick(now: time(seconds)) }

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
        let ended = pool.instanceEnded(
            instance, status: .signalled(signal: 9), message: "killed", now: time(112.1))
        #expect(ended.contains(.fail(TaskID(rawValue: 1), .instanceLost, message: "its instance ended: killed")))
        // The template did nothing wrong.
        let next = pool.submit(TaskID(rawValue: 2), model: model, now: time(113))
        guard case .admitted(let orders) = next, case .fork? = orders.first else {
            Issue.record("no other instance is forked: \(next)")
            return
        }
    }

    @Test("any word is a sign of life, also while a long step computes")
    mutating func slow() {
        submit(1, at: 0)
        for second in stride(from: 2.0, through: 200, by: 2) {
            let orders = tick(at: second)
            #expect(orders == [.ping(instance)])
            pool.instanceSpoke(instance, now: time(second))
        }
    }

    @Test("one that answers pings while its ranks stand still is killed, and one whose ranks get on is not")
    mutating func stalled() {
        submit(1, at: 0)
        for second in stride(from: 2.0, through: 60, by: 2) {
            let orders = tick(at: second)
            #expect(orders == [.ping(instance)])
            pool.instanceAnswered(instance, progress: UInt64(second), now: time(second))
        }
        for second in stride(from: 62.0, to: 90, by: 2) {
            let orders = tick(at: second)
            #expect(orders == [.ping(instance)])
            pool.instanceAnswered(instance, progress: 60, now: time(second))
        }
        let killed = tick(at: 90)
        #expect(killed == [.kill(instance, reason: "it has tasks and its ranks have taken no work for 30 s")])
    }

    @Test("one whose tasks all wait for their readers computes nothing, and is no stalled one")
    mutating func paused() {
        submit(1, at: 0)
        for second in stride(from: 2.0, through: 200, by: 2) {
            let orders = tick(at: second)
            #expect(orders == [.ping(instance)])
            pool.instanceAnswered(instance, progress: nil, now: time(second))
        }
    }

    @Test("one without tasks is never asked and needs no timer, however long it says nothing")
    mutating func idle() {
        #expect(pool.nextDeadline == nil)
        let orders = tick(at: 10_000)
        #expect(orders.isEmpty)
        submit(1, at: 10_000)
        #expect(pool.nextDeadline == time(10_002))
        _ = pool.taskOver(TaskID(rawValue: 1), isSuccess: true, now: time(10_001))
        #expect(pool.nextDeadline == nil)
    }

    @Test("a flow of new tasks does not put off the end of a hung one")
    mutating func flow() {
        submit(1, at: 0)
        _ = tick(at: 2)
        submit(2, at: 11)
        let orders = tick(at: 12)
        #expect(orders == [.kill(instance, reason: "it has tasks and did not answer within 10 s")])
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
