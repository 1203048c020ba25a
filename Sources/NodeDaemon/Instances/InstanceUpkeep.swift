// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What time brings: pauses that are over, idle instances, starts and stops that take too long, and instances that hang.
///
/// One that dies is reported by its keeper; one that lives and does nothing can only be told from its silence. Its thread
/// for messages answers also while a long step computes, so slow models are safe; what it answers says how far the ranks
/// are, so that one whose ranks hang does not pass for a slow one. Nothing here needs a timer for an instance without tasks.
extension InstancePool {
    /// When `tick` has something to do next; nil while only events can bring something.
    var nextDeadline: MonotonicTime? {
        var earliest: MonotonicTime?
        func consider(_ time: MonotonicTime?) {
            if let time { earliest = min(earliest ?? time, time) }
        }
        for (id, instance) in instances.byID where !instance.isKilling {
            consider(phaseDeadline(id, instance))
            consider(instance.silenceDeadline(limits, hasTasks: tasks.count(at: id) > 0))
            consider(cancellationDeadline(id))
        }
        for template in templates.records.values {
            if case .starting(let deadline) = template.phase { consider(deadline) }
        }
        if let seconds = limits.idleSeconds {
            for since in templates.unusedSince.values { consider(since.adding(seconds: seconds)) }
        }
        for pool in poolsInWant where awaitsPause(pool) { consider(health[pool.content]?.notBefore) }
        for (pool, time) in preemptions.due where waiting[pool] != nil { consider(time) }
        return earliest
    }

    /// Does what has become due.
    mutating func tick(now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        for (id, instance) in instances.sorted where !instance.isKilling { actions += tick(id, instance, now) }
        for (id, template) in templates.sorted {
            guard case .starting(let deadline) = template.phase, deadline <= now else { continue }
            let ending = InstanceEnding(message: "it was not ready within \(limits.templateSeconds) s")
            actions += [.stopTemplate(id)] + templateEnded(id, ending, now: now)
        }
        actions += stopUnusedTemplates(now)
        for pool in poolsInWant { actions += advance(pool, now) }
        return actions
    }

    /// Pools that have less than they need, in an order that does not change from run to run.
    private var poolsInWant: [PoolKey] {
        var pools = Set(waiting.pools)
        for name in desired.byName.keys {
            guard let content = names[name]?.digest else { continue }
            let pool = PoolKey(content: content)
            if stayingCount(in: pool) < minimumInstances(of: pool)
                || isPinned(content) && templates.current[content] == nil
            {
                pools.insert(pool)
            }
        }
        return pools.sortedByName
    }

    /// Whether something is to be started as soon as the pause after a failure is over.
    private func awaitsPause(_ pool: PoolKey) -> Bool {
        guard health[pool.content] != nil else { return false }
        if templates.current[pool.content] == nil { return missingInstances(of: pool) > 0 || isPinned(pool.content) }
        return templates.ready(for: pool.content) != nil && missingInstances(of: pool) > 0
    }

    private mutating func tick(_ id: InstanceID, _ instance: PooledInstance, _ now: MonotonicTime) -> [Action] {
        if let deadline = instance.silenceDeadline(limits, hasTasks: tasks.count(at: id) > 0), deadline <= now {
            return endSilence(of: id, instance, now)
        }
        if let deadline = cancellationDeadline(id), deadline <= now {
            return instanceMisbehaved(
                id, reason: "a cancelled task has not ended within \(limits.cancellationSeconds) s")
        }
        guard let deadline = phaseDeadline(id, instance), deadline <= now else { return [] }
        let late = "it was not ready within \(limits.startSeconds) s"
        switch instance.phase {
        // A template that has not forked in all that time hangs: it is killed, and its keeper then tells that the
        // instances which it owed will not come.
        case .forked: return instanceMisbehaved(id, reason: late) + retireTemplate(instance.template)
        case .specialising, .attaching: return instanceMisbehaved(id, reason: late)
        case .ready: return stopInstance(id, now: now)
        case .draining(var progress):
            progress.advance(hasTasks: tasks.count(at: id) > 0, now: now)
            instances.change(id) { $0.drain(progress) }
            return begin(progress.step, of: id, reason: "it did not exit in the time that it had")
        }
    }

    /// When an instance will have been too long where it is; nil where it may stay there.
    private func phaseDeadline(_ id: InstanceID, _ instance: PooledInstance) -> MonotonicTime? {
        switch instance.phase {
        case .forked(let deadline), .specialising(let deadline), .attaching(let deadline): deadline
        case .draining(let progress): progress.deadline
        case .ready: idleDeadline(id, instance)
        }
    }

    /// When an instance has been idle for long enough; nil while it works or is to be kept.
    private func idleDeadline(_ id: InstanceID, _ instance: PooledInstance) -> MonotonicTime? {
        guard tasks.count(at: id) == 0, let seconds = limits.idleSeconds else { return nil }
        let minimum = minimumInstances(of: instance.pool)
        guard minimum == 0 || stayingCount(in: instance.pool) > minimum else { return nil }
        return instance.idleSince.adding(seconds: seconds)
    }

    /// Ends the templates that nobody has used for the idle time.
    private mutating func stopUnusedTemplates(_ now: MonotonicTime) -> [Action] {
        guard let seconds = limits.idleSeconds else { return [] }
        var actions: [Action] = []
        for (content, since) in templates.unusedSince where since.adding(seconds: seconds) <= now {
            templates.noteUse(of: content, isUsed: true, now: now)
            actions += retireTemplate(templates.current[content])
        }
        return actions
    }

    // MARK: Silence

    /// When the first of an instance's cancelled tasks must have ended.
    private func cancellationDeadline(_ id: InstanceID) -> MonotonicTime? {
        tasks.firstCancellation(at: id)?.adding(seconds: limits.cancellationSeconds)
    }

    /// The deadline has come: the first time it is asked, the second time killed. One that answers and does not get on is
    /// killed when it would be asked again.
    private mutating func endSilence(of id: InstanceID, _ instance: PooledInstance, _ now: MonotonicTime) -> [Action] {
        guard instance.pingedAt == nil else {
            return instanceMisbehaved(id, reason: "it has tasks and did not answer within \(limits.answerSeconds) s")
        }
        guard now < instance.progressedAt.adding(seconds: limits.stallSeconds) else {
            return instanceMisbehaved(
                id, reason: "it has tasks and its ranks have taken no work for \(limits.stallSeconds) s")
        }
        instances.change(id) { $0.notePing(now: now) }
        return [.ping(id)]
    }
}
