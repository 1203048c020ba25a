// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Policies
internal import ServingModel

/// Whose place is given to a tenant who waits while others hold more than their fair part.
///
/// 1. Fair is the pool's places divided among the tenants who hold some or wait for one, by their weights; at least one place.
/// 2. Who waits and holds less than that gets a place; of several, the one whose turn it is in the queue.
/// 3. The place is taken from the tenant who holds most for its weight, where that is more than its fair part: so no place
///    goes to and fro.
/// 4. Of that tenant's tasks, one that is no more urgent than the one that waits: the least urgent first, then one whose
///    reader takes nothing and which therefore stands still, then the one that has made the fewest parts since its
///    instance got it, since that is the work which is lost, then the one that came last.
/// 5. A task runs for `Limits.minimumRunMilliseconds` before it may be preempted, and two preemptions of a pool lie
///    `Limits.preemptionPauseMilliseconds` apart: a flood of short requests of others costs a tenant a bounded part of its work.
struct Preemption {
    /// What is to be done now.
    enum Decision: Hashable {
        /// Nobody waits who holds less than a fair part.
        case none
        case preempt(TaskID)
        /// Somebody does; the first task that may be preempted may be so then.
        case wait(until: MonotonicTime)
    }

    private let limits: PoolLimits
    /// Places of the pool's instances.
    private let places: Int
    /// Tasks that hold them.
    private let holders: [(task: TaskID, record: NodeTask)]
    /// Places that tenants hold, without those that are being given back.
    private let shares: [TenantName: Int]
    /// Places that are being given back.
    private let comingFree: Int
    private let queue: WaitQueue
    /// Of all who hold places or wait.
    private let weights: [TenantName: TenantWeight]
    private let now: MonotonicTime

    /// nil where nobody waits, or where an instance is coming, which brings places of its own.
    init?(in key: PoolKey, of pool: InstancePool, now: MonotonicTime) {
        guard let queue = pool.waiting[key], let shares = pool.tasks.shares[key] else { return nil }
        let own = pool.instances.sorted(in: key)
        guard !own.contains(where: { $0.record.isComing }) else { return nil }
        let open = own.filter { $0.record.isOpen }.map(\.id)
        (limits, self.shares, self.queue, self.now) = (pool.limits, shares, queue, now)
        places = open.count * pool.limits.tasksPerInstance
        comingFree = pool.tasks.preempted[key] ?? 0
        // With one tenant alone nothing is ever taken away.
        var weights = queue.weights.merging(shares.map { ($0.key, .one) }) { queued, _ in queued }
        holders = (weights.count > 1 ? open : []).flatMap { pool.tasks.running(at: $0) }
            .compactMap { task in pool.tasks[task].map { (task, $0) } }
        for (_, record) in holders where queue.count(of: record.tenant) == 0 {
            weights[record.tenant] = record.tenantWeight
        }
        self.weights = weights
    }

    private func weight(of tenant: TenantName) -> TenantWeight { weights[tenant] ?? .one }

    private func fairPart(of tenant: TenantName) -> Int {
        let total = weights.values.reduce(0) { $0 + $1.value }
        return max(1, places * weight(of: tenant).value / max(1, total))
    }

    /// The tenant's place that is wanted, and the task that wants it; nil where nothing is to be taken from anybody.
    private var claimant: (entry: WaitQueue.Entry, victim: TenantName)? {
        guard weights.count > 1 else { return nil }
        // Places that come free are given in turns too: only who waits behind those counts.
        var (held, rest) = (shares, queue)
        for _ in 0..<comingFree {
            guard let entry = rest.takeNext(holding: held, now: now) else { return nil }
            held[entry.tenant, default: 0] += 1
        }
        guard let entry = rest.next(holding: held, now: now),
            held[entry.tenant, default: 0] < fairPart(of: entry.tenant)
        else { return nil }
        let most = held.max {
            (WeightedShare($0.value, weight(of: $0.key)), $1.key.text)
                < (WeightedShare($1.value, weight(of: $1.key)), $0.key.text)
        }
        guard let most, most.value > fairPart(of: most.key) else { return nil }
        return (entry, most.key)
    }

    /// What is to be done.
    func decide() -> Decision {
        guard let (entry, victim) = claimant else { return .none }
        let rank = WaitQueue.rank(of: entry, now: now)
        // A task that nobody claims could not be sent again by anybody.
        let candidates = holders.filter { _, record in
            record.tenant == victim && record.serviceClass.rank >= rank && !record.isPreempted && record.listener != nil
        }
        let ripe = candidates.filter { ripeness($0.record) <= now }
        if let best = ripe.min(by: { Self.costs($0) < Self.costs($1) }) { return .preempt(best.task) }
        return candidates.map { ripeness($0.record) }.min().map { .wait(until: $0) } ?? .none
    }

    private func ripeness(_ record: NodeTask) -> MonotonicTime {
        record.assignedAt.adding(milliseconds: limits.minimumRunMilliseconds)
    }

    /// Smaller is preempted first.
    private static func costs(_ holder: (task: TaskID, record: NodeTask)) -> (Int, Int, Int, UInt64, UInt64) {
        let record = holder.record
        let standsStill = record.replies.unacknowledged >= PoolLimits.readerWindow
        return (
            -record.serviceClass.rank, standsStill ? 0 : 1, record.progress, .max - record.assignedAt.nanoseconds,
            holder.task.rawValue
        )
    }
}

/// When preemptions may come, by pool; the sole owner of that.
struct PreemptionPace: Sendable {
    private var last: [PoolKey: MonotonicTime] = [:]
    /// When somebody who waits may next get somebody's place.
    private(set) var due: [PoolKey: MonotonicTime] = [:]

    /// Whether one may come now, and notes it; else it is due later.
    mutating func admits(in pool: PoolKey, _ limits: PoolLimits, now: MonotonicTime) -> Bool {
        let earliest = last[pool]?.adding(milliseconds: limits.preemptionPauseMilliseconds) ?? now
        guard earliest <= now else {
            due[pool] = earliest
            return false
        }
        last[pool] = now
        return true
    }

    /// It is to be looked again at this time; nil: only events can bring something.
    mutating func setDue(_ time: MonotonicTime?, in pool: PoolKey) {
        due[pool] = time
    }
}
