// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// What administrators and the scheduler order of a model's instances and template, by its name.
extension InstancePool {
    /// So many instances, now and as a minimum from now on: missing ones are forked, those that are too many drained,
    /// idle ones first. Where another name of the content wants more, that many stay.
    mutating func scale(_ model: ServedModel, to count: Int, now: MonotonicTime) -> [Action] {
        let pool = PoolKey(content: model.content)
        desired.setMinimumInstances(min(max(0, count), limits.instancesPerModel), of: model.name)
        let living = instances.sorted(in: pool).filter(\.record.isStaying).map(\.id)
        let idleFirst = living.sorted { (tasks.count(at: $0), $0.rawValue) < (tasks.count(at: $1), $1.rawValue) }
        var actions: [Action] = []
        for id in idleFirst.prefix(max(0, living.count - minimumInstances(of: pool))) {
            actions += stopInstance(id, now: now)
        }
        return actions + advance(pool, now)
    }

    /// Keeps (or no longer keeps) a model's template.
    mutating func pin(_ model: ServedModel, _ isPinned: Bool, now: MonotonicTime) -> [Action] {
        desired.setPinned(isPinned, of: model.name)
        return advance(PoolKey(content: model.content), now)
    }

    /// Starts the model's template where there is none; it stays for the idle time.
    mutating func prepare(_ model: ServedModel, now: MonotonicTime) -> [Action] {
        guard templates.current[model.content] == nil else { return [] }
        // Asked for by a person: an earlier failure is no reason to wait.
        health.clear(model.content)
        let start = startTemplate(TemplateLabel(name: model.name, content: model.content), now)
        return [start] + advance(PoolKey(content: model.content), now)
    }

    /// Ends everything of a model that has no work: its instances drain, its template goes, and nothing is wanted of it any
    /// more, under none of its content's names.
    mutating func unload(_ model: ServedModel, now: MonotonicTime) -> [Action] {
        for name in names.names(of: model.content) { desired.clear(name) }
        var actions: [Action] = []
        for (id, instance) in instances.sorted where instance.pool.content == model.content {
            actions += stopInstance(id, now: now)
        }
        return actions + retireTemplate(templates.current[model.content]) + advance(content: model.content, now)
    }
}

// MARK: - A keeper's account

extension InstancePool {
    /// After a new attachment: what the keeper did not name is gone.
    mutating func reconcile(
        templates seenTemplates: Set<TemplateID>, instances seenInstances: Set<InstanceID>, now: MonotonicTime
    ) -> [Action] {
        let ending = InstanceEnding(message: "its keeper does not have it any more", isLost: true)
        var actions: [Action] = []
        for (id, _) in instances.sorted where !seenInstances.contains(id) {
            actions += instanceEnded(id, ending, now: now)
        }
        for (id, _) in templates.sorted where !seenTemplates.contains(id) {
            actions += templateEnded(id, ending, now: now)
        }
        // What was on its way out when the connection broke, or when the daemon before this one ended, is ordered again:
        // the order may have been lost. So is the end of a second template of a content.
        for (id, template) in templates.sorted
        where template.phase != .ended && templates.current[template.label.content] != id {
            _ = templates.retire(id)
            actions.append(.stopTemplate(id))
        }
        for (id, instance) in instances.sorted where instance.isKilling {
            actions.append(.kill(id, reason: "it was to be killed before the connection to the keeper broke"))
        }
        for content in Set(templates.records.values.map(\.label.content)).subtracting(names.contents).sorted() {
            actions += retire(content: content, now)
        }
        for content in names.contents.sorted() { actions += advance(content: content, now) }
        return actions
    }
}
