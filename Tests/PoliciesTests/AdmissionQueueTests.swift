// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import Policies

@Suite("Admission")
struct AdmissionQueueTests {
    private func job(_ number: UInt64) -> JobID { JobID(rawValue: number) }

    @Test("jobs run up to the bound, then wait, then are refused")
    func bounds() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 3, waitingPerTenant: 2))
        #expect(queue.arrive(job(1), of: "x") == .admitted)
        #expect(queue.arrive(job(2), of: "x") == .queued(ahead: 0))
        #expect(queue.arrive(job(3), of: "x") == .queued(ahead: 1))
        #expect(queue.arrive(job(4), of: "x") == .refused(.tenantQueueFull(limit: 2)))
        #expect(queue.arrive(job(5), of: "y") == .queued(ahead: 2))
        #expect(queue.arrive(job(6), of: "z") == .refused(.queueFull(limit: 3)))
        #expect(queue.runningCount == 1 && queue.waitingCount == 3)
    }

    @Test("tenants take turns, each in its own order")
    func turns() {
        var queue = AdmissionQueue(limits: .init(running: 1))
        _ = queue.arrive(job(1), of: "x")
        for number in UInt64(2)...4 { _ = queue.arrive(job(number), of: "x") }
        _ = queue.arrive(job(10), of: "y")
        var order: [UInt64] = []
        var last = job(1)
        while let next = queue.leave(last).first {
            order.append(next.rawValue)
            last = next
        }
        #expect(order == [2, 10, 3, 4])
    }

    @Test("larger bounds let in who fits at once, smaller ones nobody out")
    func otherBounds() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 2))
        for number in UInt64(1)...3 { _ = queue.arrive(job(number), of: "x") }
        #expect(queue.keep(to: .init(running: 2, waiting: 0)) == [job(2)])
        #expect(queue.keep(to: .init(running: 1, waiting: 0)).isEmpty)
        #expect(queue.runningCount == 2 && queue.waitingCount == 1)
        #expect(queue.leave(job(1)).isEmpty)
        #expect(queue.leave(job(2)) == [job(3)])
        #expect(queue.arrive(job(4), of: "x") == .refused(.queueFull(limit: 0)))
    }

    @Test("whoever gives up waiting frees the place, and is never let in")
    func withdrawal() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 1))
        _ = queue.arrive(job(1), of: "x")
        _ = queue.arrive(job(2), of: "y")
        #expect(queue.leave(job(2)).isEmpty)
        #expect(queue.arrive(job(3), of: "z") == .queued(ahead: 0))
        #expect(queue.leave(job(1)) == [job(3)])
        #expect(queue.leave(job(99)).isEmpty)
    }

    @Test("under any sequence of events the bounds hold and nobody is lost")
    func random() {
        var generator = SystemRandomNumberGenerator()
        var queue = AdmissionQueue(limits: .init(running: 3, waiting: 6, waitingPerTenant: 3))
        var running: Set<JobID> = []
        var waiting: Set<JobID> = []
        for number in UInt64(1)...5000 {
            if Bool.random(using: &generator) {
                let tenant = ["x", "y", "z"].randomElement(using: &generator) ?? "x"
                switch queue.arrive(job(number), of: tenant) {
                case .admitted: running.insert(job(number))
                case .queued: waiting.insert(job(number))
                case .refused: break
                }
            } else if let leaver = running.union(waiting).randomElement(using: &generator) {
                running.remove(leaver)
                waiting.remove(leaver)
                for admitted in queue.leave(leaver) {
                    #expect(waiting.remove(admitted) != nil)
                    running.insert(admitted)
                }
            }
            #expect(queue.runningCount == running.count && running.count <= 3)
            #expect(queue.waitingCount == waiting.count && waiting.count <= 6)
            #expect(waiting.isEmpty || running.count == 3)
        }
    }
}
