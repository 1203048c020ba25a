// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// The wait queues of all pools, their sole owner. A queue is there while somebody waits in it.
struct WaitQueueTable: Sendable {
    private var queues: [PoolKey: WaitQueue] = [:]
    private var arrivals: UInt64 = 0

    subscript(pool: PoolKey) -> WaitQueue? { queues[pool] }

    /// Pools in which somebody waits, in an order that does not change from run to run.
    var pools: [PoolKey] { queues.keys.sortedByName }

    /// The same, of one content.
    func pools(of content: String) -> [PoolKey] { queues.keys.filter { $0.content == content }.sortedByName }

    /// All that wait, in no order.
    var entries: [WaitQueue.Entry] { queues.values.flatMap(\.entries) }

    var isEmpty: Bool { queues.isEmpty }

    func count(in pool: PoolKey) -> Int { queues[pool]?.count ?? 0 }

    /// A task has come.
    mutating func add(_ task: ServingTask, to pool: PoolKey, now: MonotonicTime) {
        arrivals += 1
        add(
            WaitQueue.Entry(
                task: task.id, name: task.model, tenant: task.tenant, tenantWeight: task.tenantWeight,
                serviceClass: task.serviceClass, since: now, arrival: arrivals), to: pool)
    }

    /// A task comes from another queue.
    mutating func add(_ entry: WaitQueue.Entry, to pool: PoolKey) {
        queues[pool, default: WaitQueue()].add(entry)
    }

    /// Takes a task out; nil where it is not there.
    mutating func remove(_ task: TaskID, of tenant: TenantName, from pool: PoolKey) -> WaitQueue.Entry? {
        defer { dropIfEmpty(pool) }
        return queues[pool]?.remove(task, of: tenant)
    }

    /// Takes out all that wait in a pool, in the order of their arrival.
    mutating func removeAll(from pool: PoolKey) -> [WaitQueue.Entry] { queues.removeValue(forKey: pool)?.entries ?? [] }

    /// Takes the one out whose turn it is, where the tenants hold so many places.
    mutating func takeNext(
        in pool: PoolKey, holding places: [TenantName: Int], now: MonotonicTime
    ) -> WaitQueue.Entry? {
        defer { dropIfEmpty(pool) }
        return queues[pool]?.takeNext(holding: places, now: now)
    }

    /// Takes out what must go so that `task` is not one too many; nil where there is nothing.
    mutating func displace(for task: ServingTask, in pool: PoolKey) -> WaitQueue.Entry? {
        queues[pool]?.displace(for: task.tenant, task.tenantWeight)
    }

    private mutating func dropIfEmpty(_ pool: PoolKey) {
        if queues[pool]?.isEmpty == true { queues[pool] = nil }
    }
}

extension Sequence<PoolKey> {
    /// In an order that does not change from run to run.
    var sortedByName: [PoolKey] {
        sorted { first, second in
            if first.content != second.content { return first.content < second.content }
            if first.role != second.role { return first.role.rawValue < second.role.rawValue }
            return "\(first.domain)" < "\(second.domain)"
        }
    }
}
