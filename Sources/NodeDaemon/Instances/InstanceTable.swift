// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// The node's instances, their sole owner.
struct InstanceTable: Sendable {
    private var records: [InstanceID: PooledInstance] = [:]
    private var members: [PoolKey: Set<InstanceID>] = [:]
    /// Grows with every change that listings show.
    private(set) var revision: UInt64 = 0
    /// Grows when an instance begins or ceases to take tasks.
    private(set) var openings: UInt64 = 0

    subscript(id: InstanceID) -> PooledInstance? { records[id] }

    var count: Int { records.count }
    var all: Dictionary<InstanceID, PooledInstance>.Values { records.values }
    /// All of them, in no order.
    var byID: [InstanceID: PooledInstance] { records }

    /// In an order that does not change from run to run.
    var sorted: [(key: InstanceID, value: PooledInstance)] { records.sorted { $0.key.rawValue < $1.key.rawValue } }

    /// Those of a pool, in an order that does not change from run to run.
    func sorted(in pool: PoolKey) -> [(id: InstanceID, record: PooledInstance)] {
        (members[pool] ?? []).sorted { $0.rawValue < $1.rawValue }.compactMap { id in records[id].map { (id, $0) } }
    }

    /// How many of a pool are so.
    func count(in pool: PoolKey, where isMeant: (PooledInstance) -> Bool) -> Int {
        (members[pool] ?? []).count { records[$0].map(isMeant) == true }
    }

    /// Those of a pool that take tasks now and have fewer than `places`, the one first that has the fewest; of equals the
    /// one with the smallest id.
    func open(in pool: PoolKey, _ tasks: TaskTable, places: Int) -> [InstanceID] {
        (members[pool] ?? []).filter { records[$0]?.isOpen == true && tasks.count(at: $0) < places }
            .sorted { (tasks.count(at: $0), $0.rawValue) < (tasks.count(at: $1), $1.rawValue) }
    }

    /// How many a pool has.
    func count(in pool: PoolKey) -> Int { members[pool]?.count ?? 0 }

    /// Whether an instance of the content is there, in whatever pool.
    func serves(_ content: String) -> Bool { members.contains { $0.key.content == content && !$0.value.isEmpty } }

    /// The pools that have instances.
    var pools: [PoolKey] { Array(members.keys) }

    /// Templates that instances refer to.
    var templates: Set<TemplateID> { Set(records.values.map(\.template)) }

    mutating func add(_ id: InstanceID, _ record: PooledInstance) {
        records[id] = record
        members[record.pool, default: []].insert(id)
        revision += 1
        if record.isOpen { openings += 1 }
    }

    /// Removes an instance that has exited; nil where it is not here.
    mutating func remove(_ id: InstanceID) -> PooledInstance? {
        guard let record = records.removeValue(forKey: id) else { return nil }
        members[record.pool]?.remove(id)
        if members[record.pool]?.isEmpty == true { members[record.pool] = nil }
        revision += 1
        if record.isOpen { openings += 1 }
        return record
    }

    /// Changes one instance by its own verbs; false where it is not here.
    @discardableResult
    mutating func change(_ id: InstanceID, _ change: (inout PooledInstance) -> Void) -> Bool {
        guard let index = records.index(forKey: id) else { return false }
        let (phase, killCause) = (records.values[index].phase, records.values[index].killCause)
        let wasOpen = records.values[index].isOpen
        change(&records.values[index])
        if records.values[index].phase != phase || records.values[index].killCause != killCause { revision += 1 }
        if records.values[index].isOpen != wasOpen { openings += 1 }
        return true
    }
}
