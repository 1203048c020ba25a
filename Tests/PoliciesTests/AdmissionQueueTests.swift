// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import Policies

@Suite("Admission")
struct AdmissionQueueTests {
    private func job(_ number: UInt64) -> JobID { JobID(rawValue: number) }
    private let x = TenantName(userID: 1)
    private let y = TenantName(userID: 2)
    private let z = TenantName(userID: 3)

    private func jobs(_ range: Range<UInt64>) -> [JobID] { range.map(job) }

    @Test("jobs run up to the bound, then wait, then are refused")
    func bounds() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 3, waitingPerTenant: 2))
        #expect(queue.arrive([job(1)], of: x) == .admitted)
        #expect(queue.arrive([job(2)], of: x) == .queued(ahead: 0))
        #expect(queue.arrive([job(3)], of: x) == .queued(ahead: 1))
        #expect(queue.arrive([job(4)], of: x) == .refused(.tenantQueueFull(limit: 2)))
        #expect(queue.arrive([job(5)], of: y) == .queued(ahead: 2))
        #expect(queue.arrive([job(6)], of: z) == .refused(.queueFull(limit: 3)))
        #expect(queue.runningCount == 1 && queue.waitingCount == 3)
    }

    @Test("tenants take turns, each in its own order")
    func turns() {
        var queue = AdmissionQueue(limits: .init(running: 1))
        _ = queue.arrive([job(1)], of: x)
        for number in UInt64(2)...4 { _ = queue.arrive([job(number)], of: x) }
        _ = queue.arrive([job(10)], of: y)
        var order: [UInt64] = []
        var last = job(1)
        while let next = queue.leave(last).first {
            order.append(next.rawValue)
            last = next
        }
        #expect(order == [2, 10, 3, 4] || order == [10, 2, 3, 4])
    }

    @Test("larger bounds let in who fits at once, smaller ones nobody out")
    func otherBounds() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 2))
        for number in UInt64(1)...3 { _ = queue.arrive([job(number)], of: x) }
        #expect(queue.keep(to: .init(running: 2, waiting: 0)) == [job(2)])
        #expect(queue.keep(to: .init(running: 1, waiting: 0)).isEmpty)
        #expect(queue.runningCount == 2 && queue.waitingCount == 1)
        #expect(queue.leave(job(1)).isEmpty)
        #expect(queue.leave(job(2)) == [job(3)])
        #expect(queue.arrive([job(4)], of: x) == .refused(.queueFull(limit: 0)))
    }

    @Test("whoever gives up waiting frees the place, and is never let in")
    func withdrawal() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 1))
        _ = queue.arrive([job(1)], of: x)
        _ = queue.arrive([job(2)], of: y)
        #expect(queue.leave(job(2)).isEmpty)
        #expect(queue.arrive([job(3)], of: z) == .queued(ahead: 0))
        #expect(queue.leave(job(1)) == [job(3)])
        #expect(queue.leave(job(99)).isEmpty)
    }

    @Test("a request's jobs are let in together, and a request that is larger than all places counts as them")
    func groups() {
        var queue = AdmissionQueue(limits: .init(running: 4, waiting: 100, waitingPerTenant: 100))
        #expect(queue.arrive(jobs(0..<3), of: x) == .admitted)
        #expect(queue.arrive(jobs(10..<13), of: y) == .queued(ahead: 0))
        #expect(queue.leave(job(0)).isEmpty)
        #expect(Set(queue.leave(job(1))) == Set(jobs(10..<13)))
        for number in [2, 10, 11, 12] as [UInt64] { #expect(queue.leave(job(number)).isEmpty) }
        #expect(queue.arrive(jobs(20..<30), of: x) == .admitted)
        #expect(queue.arrive([job(40)], of: y) == .queued(ahead: 0))
        // Six of ten are over: the other four still have a place each.
        for number in UInt64(20)..<26 { #expect(queue.leave(job(number)).isEmpty) }
        #expect(queue.leave(job(26)) == [job(40)])
    }

    @Test("a newly come tenant is let in at once although another has taken all that it can get")
    func newcomer() {
        var queue = AdmissionQueue(limits: .init(running: 256))
        for number in UInt64(0)..<1000 { _ = queue.arrive([job(number)], of: x) }
        #expect(queue.runningCount == 224)
        for tenant in UInt32(10)..<42 {
            #expect(queue.arrive([job(10_000 + UInt64(tenant))], of: TenantName(userID: tenant)) == .admitted)
        }
        #expect(queue.runningCount == 256)
    }

    @Test("places that become free go to those who hold fewest, until the shares are even")
    func fairShares() {
        var queue = AdmissionQueue(limits: .init(running: 64, waiting: 4000, waitingPerTenant: 2000))
        for number in UInt64(0)..<1000 { _ = queue.arrive([job(number)], of: x) }
        for number in UInt64(2000)..<2500 { _ = queue.arrive([job(number)], of: y) }
        var running = Set(jobs(0..<56)).union(jobs(2000..<2002))
        var held = [0: 56, 1: 2]
        for number in UInt64(0)..<40 {
            running.remove(job(number))
            held[0, default: 0] -= 1
            for admitted in queue.leave(job(number)) {
                running.insert(admitted)
                held[admitted.rawValue < 2000 ? 0 : 1, default: 0] += 1
            }
        }
        #expect(running.count == queue.runningCount)
        #expect(abs((held[0] ?? 0) - (held[1] ?? 0)) <= 1)
    }

    @Test("a job that goes on waits behind its tenant's others, however long the queue is")
    func rejoining() {
        var queue = AdmissionQueue(limits: .init(running: 1, waiting: 1))
        _ = queue.arrive([job(1)], of: x)
        _ = queue.arrive([job(2)], of: x)
        #expect(queue.leave(job(1)) == [job(2)])
        _ = queue.arrive([job(3)], of: x)
        let isAdmitted = queue.rejoin(job(1), of: x)
        #expect(!isAdmitted)
        #expect(queue.leave(job(2)) == [job(3)])
        #expect(queue.leave(job(3)) == [job(1)])
    }

    /// One random schedule: requests of random sizes and tenants arrive, jobs pause, go on and end. Fails where a bound is
    /// broken, or where the queue does not drain once nothing arrives any more.
    private func runSchedule(_ generator: inout some RandomNumberGenerator) {
        let places = Int.random(in: 1...24, using: &generator)
        var queue = AdmissionQueue(
            limits: .init(running: places, waiting: 10_000, waitingPerTenant: 10_000))
        var running: [JobID: TenantName] = [:]
        var waiting: [JobID: TenantName] = [:]
        var paused: [JobID: TenantName] = [:]
        var next: UInt64 = 0
        func admit(_ jobs: [JobID]) {
            for job in jobs { running[job] = waiting.removeValue(forKey: job) }
        }
        let arrivals = Int.random(in: 1...60, using: &generator)
        var arrived = 0
        var idleSteps = 0
        while arrived < arrivals || !running.isEmpty || !waiting.isEmpty || !paused.isEmpty {
            let choice = Int.random(in: 0..<10, using: &generator)
            let before = (running.count, waiting.count, paused.count)
            if choice < 4, arrived < arrivals {
                arrived += 1
                let tenant = TenantName(userID: UInt32.random(in: 0..<4, using: &generator))
                let group = jobs(next..<(next + UInt64.random(in: 1...40, using: &generator)))
                next += UInt64(group.count)
                let weight = TenantWeight(Int.random(in: 1...10, using: &generator)) ?? .one
                let admission = queue.arrive(group, of: tenant, weight: weight)
                for job in group { waiting[job] = tenant }
                if admission == .admitted { admit(group) }
            } else if choice < 8, let job = running.keys.randomElement(using: &generator) {
                running[job] = nil
                admit(queue.leave(job))
            } else if choice == 8, let (job, tenant) = running.randomElement(using: &generator), arrived < arrivals {
                running[job] = nil
                admit(queue.leave(job))
                paused[job] = tenant
            } else if let (job, tenant) = paused.randomElement(using: &generator) {
                paused[job] = nil
                waiting[job] = tenant
                if queue.rejoin(job, of: tenant) { admit([job]) }
            }
            guard queue.runningCount == running.count, queue.waitingCount == waiting.count else {
                Issue.record(
                    "the queue counts \(queue.runningCount) and \(queue.waitingCount) of \(running.count), \(waiting.count)"
                )
                return
            }
            idleSteps = before == (running.count, waiting.count, paused.count) ? idleSteps + 1 : 0
            guard idleSteps < 1000 else {
                Issue.record("\(waiting.count) wait, \(running.count) run, nothing moves")
                return
            }
        }
    }

    @Test("under any arrivals of any requests the queue drains, and nobody is lost")
    func drains() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 { runSchedule(&generator) }
    }
}
