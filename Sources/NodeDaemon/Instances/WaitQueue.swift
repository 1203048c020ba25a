// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Policies
internal import ServingModel

/// The tasks of one pool that have no instance yet, in the order in which they get one.
///
/// 1. A more urgent class goes first. A task that has waited for `ageSeconds` counts as one class more urgent, so that none
///    waits for ever.
/// 2. Within a class, tenants take turns: the one who holds the fewest places of the pool for its weight, of equals the one
///    whose `ServiceTurn` is lowest.
/// 3. Within a tenant, first come, first served.
///
/// A full queue is full for whoever fills it: a tenant who has less of it than its weight gives it displaces the newest task
/// of the tenant who has most for its weight.
struct WaitQueue: Sendable {
    /// A task that waits.
    struct Entry: Hashable, Sendable {
        let task: TaskID
        /// The model's name that it asked for.
        let name: ModelName
        let tenant: TenantName
        let tenantWeight: TenantWeight
        let serviceClass: ServiceClass
        let since: MonotonicTime
        /// Grows with every task that comes to the node: also tasks that move to another queue keep their turn.
        let arrival: UInt64
    }

    /// Seconds of waiting that count as one class.
    static let ageSeconds = 30

    /// Each tenant's tasks in the order of their arrival; none is empty.
    private var lanes: [TenantName: [Entry]] = [:]
    private var turns: [TenantName: ServiceTurn] = [:]
    private var lastTurn: UInt64 = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Who waits, with the weight that its newest task has.
    var weights: [TenantName: TenantWeight] { lanes.compactMapValues(\.last?.tenantWeight) }

    /// How many tasks of a tenant wait.
    func count(of tenant: TenantName) -> Int { lanes[tenant]?.count ?? 0 }

    /// All that wait, in the order of their arrival.
    var entries: [Entry] { lanes.values.joined().sorted { $0.arrival < $1.arrival } }

    /// The task that came first; nil where none waits.
    var first: Entry? { lanes.values.compactMap(\.first).min { $0.arrival < $1.arrival } }

    /// Adds a task at the place of its arrival.
    mutating func add(_ entry: Entry) {
        var lane = lanes[entry.tenant] ?? []
        let place = lane.lastIndex { $0.arrival < entry.arrival }.map { $0 + 1 } ?? 0
        lane.insert(entry, at: place)
        lanes[entry.tenant] = lane
        count += 1
    }

    /// Takes a task out; nil where it is not here.
    mutating func remove(_ task: TaskID, of tenant: TenantName) -> Entry? {
        guard let index = lanes[tenant]?.firstIndex(where: { $0.task == task }) else { return nil }
        return remove(at: index, of: tenant)
    }

    /// Takes out what must go so that one more task of `tenant` is not too many; nil where there is nothing, and the new
    /// one is too many.
    mutating func displace(for tenant: TenantName, _ weight: TenantWeight) -> Entry? {
        var shares = weights.mapValues { (weight: $0, count: 0) }
        for (name, lane) in lanes { shares[name]?.count = lane.count }
        shares[tenant, default: (weight, 0)].weight = weight
        let total = shares.values.reduce(0) { $0 + $1.weight.value }
        let most = shares.max {
            (WeightedShare($0.value.count, $0.value.weight), $1.key.text)
                < (WeightedShare($1.value.count, $1.value.weight), $0.key.text)
        }
        guard let most = most?.key, most != tenant, self.count(of: tenant) < count * weight.value / total,
            let last = lanes[most]?.indices.last
        else { return nil }
        return remove(at: last, of: most)
    }

    /// Whose turn it is, where the tenants hold so many places; nil where nobody waits.
    func next(holding places: [TenantName: Int], now: MonotonicTime) -> Entry? {
        var best: (entry: Entry, standing: (Int, WeightedShare, UInt64, UInt64))?
        for (tenant, lane) in lanes {
            guard let (entry, rank) = Self.head(of: lane, now: now) else { continue }
            let share = WeightedShare(places[tenant] ?? 0, lane.last?.tenantWeight ?? .one)
            let standing = (rank, share, turns[tenant]?.number ?? 0, entry.arrival)
            if best.map({ standing < $0.standing }) ?? true { best = (entry, standing) }
        }
        return best?.entry
    }

    /// Takes the one out whose turn it is.
    mutating func takeNext(holding places: [TenantName: Int], now: MonotonicTime) -> Entry? {
        guard let entry = next(holding: places, now: now) else { return nil }
        lastTurn += 1
        turns[entry.tenant, default: ServiceTurn()].serve(entry.tenantWeight, next: lastTurn)
        return remove(entry.task, of: entry.tenant)
    }

    /// How urgent a task is by now: its class, or a higher one for its age.
    static func rank(of entry: Entry, now: MonotonicTime) -> Int {
        max(0, entry.serviceClass.rank - now.microseconds(since: entry.since) / (1_000_000 * ageSeconds))
    }

    /// The most urgent of a lane, of equals the first.
    private static func head(of lane: [Entry], now: MonotonicTime) -> (Entry, Int)? {
        var head: (entry: Entry, rank: Int)?
        for entry in lane {
            let rank = rank(of: entry, now: now)
            if let best = head, best.rank <= rank { continue }
            head = (entry, rank)
            if rank == 0 { break }
        }
        return head
    }

    private mutating func remove(at index: Int, of tenant: TenantName) -> Entry? {
        let entry = lanes[tenant]?.remove(at: index)
        count -= 1
        if lanes[tenant]?.isEmpty == true {
            lanes[tenant] = nil
            // Whoever comes back begins with the next turn; otherwise the table grew with every tenant that ever was.
            turns[tenant] = nil
        }
        return entry
    }
}
