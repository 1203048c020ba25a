// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("Places that are kept for tasks") struct ReservationTests {
    private static let now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private let key = PoolKey(content: .content("a"))
    private var pool = InstancePool.example(
        InstancePool.Limits(instancesPerModel: 2, tasksPerInstance: 2, waitingTasks: 6, idleSeconds: 60),
        [("guide", "a")])

    private mutating func submit(_ number: UInt64, reservation: InstanceID? = nil) {
        var task = ServingTask.example(number)
        task.reservation = reservation
        _ = pool.submit(task, to: key, by: SchedulerTable.anonymous, now: Self.now)
    }

    @Test("a task goes to the instance that keeps a place for it, and to another one where that is full")
    mutating func reservation() throws {
        for number in 1...3 as ClosedRange<UInt64> { submit(number) }
        let template = try #require(pool.templates.current[key.content])
        _ = pool.templateReady(template, nil, now: Self.now)
        let instances = pool.instances.sorted.map(\.key)
        for instance in instances { _ = pool.instanceReady(instance, now: Self.now) }
        let busy = try #require(instances.first { pool.tasks.count(at: $0) == 1 })
        let full = try #require(instances.first { pool.tasks.count(at: $0) == 2 })
        for task in pool.tasks.running(at: full) { _ = pool.end(task, now: Self.now) }
        // The other one has no task now and would get both.
        for number in 4...5 as ClosedRange<UInt64> { submit(number, reservation: busy) }
        #expect(pool.tasks.running(at: busy).contains(TaskID(rawValue: 4)))
        #expect(pool.tasks.running(at: full) == [TaskID(rawValue: 5)])
    }
}
