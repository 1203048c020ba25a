// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The decisions behind `InstancePool`'s events: where tasks go, and what is started for them.
extension InstancePool {
    /// Moves the waiting tasks of all pools of a content on; a pool that only is to have instances included.
    mutating func advance(content: String, _ now: MonotonicTime) -> [Action] {
        Set(waiting.pools(of: content)).union([PoolKey(content: content)]).sortedByName.flatMap { advance($0, now) }
    }

    /// Moves a pool's waiting tasks on as far as possible, and orders what they need to get further.
    mutating func advance(_ pool: PoolKey, _ now: MonotonicTime) -> [Action] {
        var actions = assignWaiting(of: pool, now)
        let missing = missingInstances(of: pool)
        if health.allowsStart(of: pool.content, at: now) {
            if missing > 0, let template = templates.ready(for: pool.content) {
                actions.append(fork(missing, from: template, pool, now))
            } else if missing > 0 || isPinned(pool.content), templates.current[pool.content] == nil {
                if let label = label(for: pool) { actions.append(startTemplate(label, now)) }
            }
        }
        actions += preempt(in: pool, now)
        noteUse(of: pool.content, now)
        return actions
    }

    /// Whether the content's template is kept.
    func isPinned(_ content: String) -> Bool { desired.isPinned(names.names(of: content)) }

    /// The instances that a pool is to have at least. What is wanted of a model is wanted of its shared pool.
    func minimumInstances(of pool: PoolKey) -> Int {
        guard pool == PoolKey(content: pool.content) else { return 0 }
        return min(limits.instancesPerModel, desired.minimumInstances(names.names(of: pool.content)))
    }

    /// Instances of a pool that serve or will.
    func stayingCount(in pool: PoolKey) -> Int { instances.count(in: pool, where: \.isStaying) }

    /// The name for which a template of the pool's content is started: that of the task that came first.
    private func label(for pool: PoolKey) -> TemplateLabel? {
        let name = waiting[pool]?.first?.name ?? names.names(of: pool.content).first
        return name.map { TemplateLabel(name: $0, content: pool.content) }
    }

    /// How many instances waiting tasks and desired state need beside those that are there or coming. After failures one
    /// at a time is tried.
    func missingInstances(of pool: PoolKey) -> Int {
        let coming = instances.count(in: pool, where: \.isComing)
        let waits = waiting.count(in: pool) - coming * limits.tasksPerInstance
        let forTasks = waits > 0 ? (waits + limits.tasksPerInstance - 1) / limits.tasksPerInstance : 0
        let forDesired = minimumInstances(of: pool) - stayingCount(in: pool)
        let room = limits.instancesPerModel - instances.count(in: pool)
        let missing = min(max(forTasks, forDesired), room, ToKeeper.forkLimit)
        let hasFailed = (health[pool.content]?.failures ?? 0) > 0
        return max(0, hasFailed ? min(missing, coming > 0 ? 0 : 1) : missing)
    }

    private mutating func noteUse(of content: String, _ now: MonotonicTime) {
        let isUsed =
            !waiting.pools(of: content).isEmpty || desired.isWanted(names.names(of: content))
            || instances.serves(content)
        templates.noteUse(of: content, isUsed: isUsed, now: now)
    }

    private mutating func assignWaiting(of pool: PoolKey, _ now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        while waiting[pool] != nil {
            let candidates = instances.open(in: pool, tasks, places: limits.tasksPerInstance)
            guard let emptiest = candidates.first,
                let entry = waiting.takeNext(in: pool, holding: tasks.shares[pool] ?? [:], now: now)
            else { break }
            let wanted = tasks[entry.task]?.submission?.reservation
            let id = wanted.flatMap { candidates.contains($0) ? $0 : nil } ?? emptiest
            let hasOthers = tasks.count(at: id) > 0
            instances.change(id) { $0.takeTask(hasOthers: hasOthers, now: now) }
            guard let submission = tasks.assign(entry.task, to: id, now: now) else { continue }
            actions.append(.assign(submission, id))
        }
        return actions
    }

    /// The instance with room that has the fewest tasks.
    func openInstance(in pool: PoolKey) -> InstanceID? {
        instances.open(in: pool, tasks, places: limits.tasksPerInstance).first
    }

    private mutating func fork(
        _ count: Int, from template: TemplateID, _ pool: PoolKey, _ now: MonotonicTime
    ) -> Action {
        let deadline = now.adding(seconds: limits.startSeconds)
        let name = waiting[pool]?.first?.name ?? templates[template]?.label.name
        let ids = (0..<count).map { _ -> InstanceID in freshID() }
        for id in ids {
            guard let name else { continue }
            instances.add(
                id,
                PooledInstance(
                    pool: pool, name: name, template: template, phase: .forked(deadline: deadline), now: now))
        }
        return .fork(ids, template: template, pool)
    }

    mutating func startTemplate(_ label: TemplateLabel, _ now: MonotonicTime) -> Action {
        let id: TemplateID = freshID()
        templates.add(id, label, deadline: now.adding(seconds: limits.templateSeconds), orderedAt: now)
        return .startTemplate(id, label)
    }

    /// Fails the tasks that wait for a content.
    mutating func failWaiting(of content: String, _ message: String) -> [Action] {
        failWaiting(in: waiting.pools(of: content), .startFailed, message)
    }

    /// Fails the tasks that wait in these pools.
    mutating func failWaiting(in pools: [PoolKey], _ failure: TaskFailure, _ message: String) -> [Action] {
        pools.flatMap { waiting.removeAll(from: $0) }.map { fail($0.task, failure, message) }
    }

    // MARK: Fair parts

    /// Where somebody waits who has less than a fair part of the places, takes one away from whoever has most.
    private mutating func preempt(in pool: PoolKey, _ now: MonotonicTime) -> [Action] {
        preemptions.setDue(nil, in: pool)
        switch Preemption(in: pool, of: self, now: now)?.decide() ?? .none {
        case .none: return []
        case .wait(let time):
            preemptions.setDue(time, in: pool)
            return []
        case .preempt(let task):
            guard let instance = tasks[task]?.instance, preemptions.admits(in: pool, limits, now: now) else {
                return []
            }
            tasks.preempt(task, now: now)
            return [.preempt(task, instance)] + preempt(in: pool, now)
        }
    }
}
