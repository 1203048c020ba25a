// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// What an administrator or the scheduler wants of a model whether or not there is work for it.
struct DesiredState: Hashable {
    /// Instances that are kept, idle or not.
    var minimumInstances = 0
    /// Its template is kept, and started where it is missing.
    var isPinned = false

    /// Nothing is wanted.
    var isEmpty: Bool { self == DesiredState() }
}

extension InstancePool {
    /// So many instances, now and as a minimum from now on: missing ones are forked, those that are too many drained,
    /// idle ones first.
    mutating func scale(_ model: ModelKey, to count: Int, now: MonotonicTime) -> [Order] {
        let minimum = min(max(0, count), limits.instancesPerModel)
        desire(model) { $0.minimumInstances = minimum }
        var orders: [Order] = []
        let living = sortedInstances.filter { $0.value.model == model && $0.value.isStaying }
        let idleFirst = living.sorted {
            ($0.value.tasks.count, $0.key.rawValue) < ($1.value.tasks.count, $1.key.rawValue)
        }
        for (id, _) in idleFirst.prefix(max(0, living.count - minimum)) { orders += stopInstance(id, now: now) }
        return orders + advance(model, now)
    }

    /// Keeps (or no longer keeps) a model's template.
    mutating func pin(_ model: ModelKey, _ isPinned: Bool, now: MonotonicTime) -> [Order] {
        desire(model) { $0.isPinned = isPinned }
        return advance(model, now)
    }

    /// Starts the model's template where there is none; it stays for the idle time.
    mutating func prepare(_ model: ModelKey, now: MonotonicTime) -> [Order] {
        guard templates.current[model] == nil else { return [] }
        // Asked for by a person: an earlier failure is no reason to wait.
        health[model] = nil
        return [startTemplate(of: model, now)] + advance(model, now)
    }

    /// Ends everything of a model that has no work: its instances drain, its template goes, desired are released.
    mutating func unload(_ model: ModelKey, now: MonotonicTime) -> [Order] {
        desired[model] = nil
        var orders: [Order] = []
        for (id, instance) in sortedInstances where instance.model == model { orders += stopInstance(id, now: now) }
        orders += retireTemplate(templates.current[model])
        return orders + advance(model, now)
    }

    private mutating func desire(_ model: ModelKey, _ change: (inout DesiredState) -> Void) {
        var wanted = desired[model] ?? DesiredState()
        change(&wanted)
        desired[model] = wanted.isEmpty ? nil : wanted
    }

    /// Instances of a model that serve or will.
    func stayingCount(of model: ModelKey) -> Int {
        instances.values.count { $0.model == model && $0.isStaying }
    }
}

extension InstancePool.Instance {
    /// Neither draining nor told to die.
    var isStaying: Bool { !isCondemned && !isDraining }
}
