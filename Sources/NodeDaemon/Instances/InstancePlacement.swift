// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The decisions behind `InstancePool`'s events.
extension InstancePool {
    /// In an order that does not change from run to run.
    var sortedInstances: [(key: InstanceID, value: Instance)] {
        instances.sorted { $0.key.rawValue < $1.key.rawValue }
    }

    /// Moves a model's waiting tasks on as far as possible, and orders what they need to get further.
    mutating func advance(_ model: ModelKey, _ now: MonotonicTime) -> [Order] {
        var orders = assignWaiting(of: model, now)
        let missing = missingInstances(of: model)
        if now >= health[model]?.notBefore ?? now {
            if missing > 0, let template = templates.ready(for: model) {
                orders.append(fork(missing, from: template, model, now))
            } else if missing > 0 || desired[model]?.isPinned == true, templates.current[model] == nil {
                orders.append(startTemplate(of: model, now))
            }
        }
        if waiting[model]?.isEmpty == true { waiting[model] = nil }
        noteUse(of: model, now)
        return orders
    }

    /// How many instances waiting tasks and desired need beside those that are there or coming. After failures one at a
    /// time is tried.
    private func missingInstances(of model: ModelKey) -> Int {
        let own = instances.values.filter { $0.model == model }
        let coming = own.filter { $0.isComing }.count
        let waits = (waiting[model]?.count ?? 0) - coming * limits.tasksPerInstance
        let forTasks = waits > 0 ? (waits + limits.tasksPerInstance - 1) / limits.tasksPerInstance : 0
        let forDesired = (desired[model]?.minimumInstances ?? 0) - stayingCount(of: model)
        let missing = min(max(forTasks, forDesired), limits.instancesPerModel - own.count, ToKeeper.forkLimit)
        let hasFailed = (health[model]?.failures ?? 0) > 0
        return max(0, hasFailed ? min(missing, coming > 0 ? 0 : 1) : missing)
    }

    private mutating func noteUse(of model: ModelKey, _ now: MonotonicTime) {
        let isUsed =
            waiting[model] != nil || desired[model] != nil || instances.values.contains { $0.model == model }
        if isUsed || templates.current[model] == nil {
            unusedSince[model] = nil
        } else if unusedSince[model] == nil {
            unusedSince[model] = now
        }
    }

    private mutating func assignWaiting(of model: ModelKey, _ now: MonotonicTime) -> [Order] {
        var orders: [Order] = []
        while let task = waiting[model]?.first, let id = leastLoaded(of: model) {
            waiting[model]?.removeFirst()
            noteWork(of: id, now)
            instances[id]?.tasks.insert(task)
            instances[id]?.tasksServed += 1
            instanceOfTask[task] = id
            orders.append(.assign(task, id))
        }
        return orders
    }

    /// The instance with room that has the fewest tasks; of equals the one with the smallest id.
    func leastLoaded(of model: ModelKey) -> InstanceID? {
        let open = instances.filter {
            $0.value.model == model && $0.value.phase == .ready && !$0.value.isCondemned
                && $0.value.tasks.count < limits.tasksPerInstance
        }
        return open.min { ($0.value.tasks.count, $0.key.rawValue) < ($1.value.tasks.count, $1.key.rawValue) }?.key
    }

    private mutating func fork(
        _ count: Int, from template: TemplateID, _ model: ModelKey, _ now: MonotonicTime
    ) -> Order {
        let deadline = now.adding(seconds: limits.startSeconds)
        let ids = (0..<count).map { _ -> InstanceID in freshID() }
        for id in ids {
            instances[id] = Instance(
                template: template, model: model, phase: .forked(deadline: deadline), idleSince: now)
        }
        return .fork(ids, template: template, model)
    }

    mutating func startTemplate(of model: ModelKey, _ now: MonotonicTime) -> Order {
        let id: TemplateID = freshID()
        templates.add(id, model: model, phase: .starting(deadline: now.adding(seconds: limits.templateSeconds)))
        return .startTemplate(id, model)
    }

    /// Fails the tasks that wait for a model.
    mutating func failWaiting(of model: ModelKey, _ message: String) -> [Order] {
        (waiting.removeValue(forKey: model) ?? []).map { .fail($0, .startFailed, message: message) }
    }

    /// Drops ended templates that no instance refers to.
    mutating func releaseTemplates() -> [Order] {
        guard !isTakingOver else { return [] }
        return templates.release(except: Set(instances.values.map(\.template))).map { .releaseTemplate($0) }
    }

    /// Ends the templates that nobody has used for the idle time.
    mutating func stopUnusedTemplates(_ now: MonotonicTime) -> [Order] {
        guard let seconds = limits.idleSeconds else { return [] }
        var orders: [Order] = []
        for (model, since) in unusedSince where since.adding(seconds: seconds) <= now {
            unusedSince[model] = nil
            orders += retireTemplate(templates.current[model])
        }
        return orders
    }

    /// When an instance has been idle for long enough; nil while it works or is to be kept.
    func idleDeadline(_ instance: Instance) -> MonotonicTime? {
        guard instance.tasks.isEmpty, let seconds = limits.idleSeconds else { return nil }
        if let minimum = desired[instance.model]?.minimumInstances, stayingCount(of: instance.model) <= minimum {
            return nil
        }
        return instance.idleSince.adding(seconds: seconds)
    }

    /// After a new attachment: what the keeper did not name is gone.
    mutating func reconcile(
        templates seenTemplates: Set<TemplateID>, instances seenInstances: Set<InstanceID>, now: MonotonicTime
    ) -> [Order] {
        isTakingOver = false
        var orders = releaseTemplates()
        let message = "its keeper does not have it any more"
        for (id, _) in sortedInstances where !seenInstances.contains(id) {
            orders += instanceEnded(id, status: nil, message: message, isLost: true, now: now)
        }
        for id in templates.templates.keys.sorted(by: { $0.rawValue < $1.rawValue }) where !seenTemplates.contains(id) {
            orders += templateEnded(id, message: message, isLost: true, now: now)
        }
        // What was on its way out when the connection broke, or when the daemon before this one ended, is told again: the
        // order may have been lost. So is a second template of a model.
        for (id, template) in templates.templates.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where template.phase != .ended && templates.current[template.model] != id {
            _ = templates.retire(id)
            orders.append(.stopTemplate(id))
        }
        for (id, instance) in sortedInstances where instance.isCondemned {
            orders.append(.kill(id, reason: "it was to be killed before the connection to the keeper broke"))
        }
        for model in Set(templates.current.keys).union(desired.keys) { orders += advance(model, now) }
        return orders
    }
}

extension InstancePool.Instance {
    /// Will take tasks soon.
    fileprivate var isComing: Bool {
        switch phase {
        case .forked, .specialising, .attaching: !isCondemned
        case .ready, .draining: false
        }
    }

    /// Was ordered here and has not answered yet.
    var isStarting: Bool {
        switch phase {
        case .forked, .specialising: true
        case .attaching, .ready, .draining: false
        }
    }

    /// Takes no more tasks and is to exit.
    var isDraining: Bool {
        if case .draining = phase { return true }
        return false
    }
}

extension MonotonicTime {
    /// The point in time so many seconds later.
    func adding(seconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds &+ UInt64(max(0, seconds)) &* 1_000_000_000)
    }
}
