// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("The order of those who wait") struct WaitQueueTests {
    private var queue = WaitQueue()
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func entry(
        _ number: UInt64, _ tenant: UInt32, _ serviceClass: ServiceClass = .interactive, weight: TenantWeight = .one
    ) -> WaitQueue.Entry {
        WaitQueue.Entry(
            task: TaskID(rawValue: number), name: .example("guide"), tenant: TenantName(userID: tenant),
            tenantWeight: weight, serviceClass: serviceClass, since: start, arrival: number)
    }

    private mutating func served(_ count: Int, after seconds: Int = 0) -> [UInt64] {
        var held: [TenantName: Int] = [:]
        return (0..<count).compactMap { _ in
            guard let entry = queue.takeNext(holding: held, now: start.adding(seconds: seconds)) else { return nil }
            held[entry.tenant, default: 0] += 1
            return entry.task.rawValue
        }
    }

    @Test("tenants take turns, and each one's tasks keep their order")
    mutating func turns() {
        for number in 1...6 { queue.add(entry(UInt64(number), 1)) }
        for number in 7...8 { queue.add(entry(UInt64(number), 2)) }
        let order = served(10)
        #expect(order == [1, 7, 2, 8, 3, 4, 5, 6])
        #expect(queue.isEmpty)
    }

    @Test("a tenant of weight 3 gets three places for one of another's, with many places and with one")
    mutating func weights() throws {
        let three = try #require(TenantWeight(3))
        for number in 1...40 { queue.add(entry(UInt64(number), 2)) }
        for number in 41...80 { queue.add(entry(UInt64(number), 1, weight: three)) }
        var single = queue
        let many = served(32)
        #expect(many.filter { $0 > 40 }.count == 24)
        let one = (0..<32).compactMap { _ in single.takeNext(holding: [:], now: start)?.task.rawValue }
        #expect(one.filter { $0 > 40 }.count == 24)
        // Nobody waits for longer than a turn of the other one's weight.
        #expect(stride(from: 0, to: 32, by: 4).allSatisfy { one[$0..<$0 + 4].contains { $0 <= 40 } })
    }

    @Test("a tenant has so much of a full queue as its weight gives it")
    mutating func weightedDisplacement() throws {
        let three = try #require(TenantWeight(3))
        for number in 1...40 { queue.add(entry(UInt64(number), 1)) }
        var displaced = 0
        while queue.displace(for: TenantName(userID: 2), three) != nil, displaced < 40 {
            displaced += 1
            queue.add(entry(UInt64(40 + displaced), 2, weight: three))
        }
        #expect(displaced == 30)
    }

    @Test("a more urgent class goes first, until the others have waited")
    mutating func classes() {
        queue.add(entry(1, 1, .background))
        queue.add(entry(2, 1, .batch))
        queue.add(entry(3, 1))
        var fresh = queue
        #expect(fresh.takeNext(holding: [:], now: start)?.task.rawValue == 3)
        let late = served(3, after: 2 * WaitQueue.ageSeconds)
        #expect(late == [1, 2, 3])
    }

    @Test("whoever fills the queue is displaced by who has less than a fair part of it, and by nobody else")
    mutating func displacement() {
        for number in 1...10 { queue.add(entry(UInt64(number), 1)) }
        #expect(queue.displace(for: TenantName(userID: 1), .one) == nil)
        for number in 11...15 {
            let displaced = queue.displace(for: TenantName(userID: 2), .one)
            #expect(displaced?.task.rawValue == 21 - UInt64(number))
            queue.add(entry(UInt64(number), 2))
        }
        #expect(queue.displace(for: TenantName(userID: 2), .one) == nil)
        #expect(queue.displace(for: TenantName(userID: 3), .one)?.tenant == TenantName(userID: 1))
    }

    @Test("a task that moves here from another queue keeps its turn")
    mutating func arrival() {
        queue.add(entry(5, 1))
        queue.add(entry(2, 1))
        queue.add(entry(9, 1))
        let order = served(3)
        #expect(order == [2, 5, 9])
    }
}
