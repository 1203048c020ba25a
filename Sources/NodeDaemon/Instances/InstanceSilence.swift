// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// Instances that hang. One that dies is reported by its keeper; one that lives and does nothing can only be told from
/// its silence. Its thread for messages answers also while a long step computes, so slow models are safe; what it answers
/// says how far the ranks are, so that one whose ranks hang does not pass for a slow one. Nothing here needs a timer for
/// an instance without tasks.
extension InstancePool {
    /// An instance has said anything but an answer to a ping: it gets on.
    mutating func instanceSpoke(_ id: InstanceID, now: MonotonicTime) {
        instances[id]?.heardAt = now
        instances[id]?.askedAt = nil
        instances[id]?.progressedAt = now
    }

    /// An instance has answered a ping, and its ranks are at `progress`; nil: they have nothing to compute.
    mutating func instanceAnswered(_ id: InstanceID, progress: UInt64?, now: MonotonicTime) {
        guard let instance = instances[id] else { return }
        instances[id]?.heardAt = now
        instances[id]?.askedAt = nil
        instances[id]?.progress = progress
        if progress == nil || progress != instance.progress { instances[id]?.progressedAt = now }
    }

    /// An instance is about to get a task: with its first one the watch begins. A later one must not begin it anew, or
    /// a steady flow of requests would keep a dead instance.
    mutating func noteWork(of id: InstanceID, _ now: MonotonicTime) {
        if instances[id]?.tasks.isEmpty == true { instanceSpoke(id, now: now) }
    }

    /// A task was cancelled at its instance, which has to end it.
    mutating func noteCancellation(of task: TaskID, now: MonotonicTime) {
        guard let id = instanceOfTask[task], instances[id]?.cancellations[task] == nil else { return }
        instances[id]?.cancellations[task] = now
    }

    /// When the first of its cancelled tasks must have ended.
    func cancellationDeadline(_ instance: Instance) -> MonotonicTime? {
        instance.cancellations.values.min()?.adding(seconds: limits.cancellationSeconds)
    }

    /// When an instance's silence has lasted long enough to ask, or, once asked, to end it; nil without tasks.
    func silenceDeadline(_ instance: Instance) -> MonotonicTime? {
        guard !instance.tasks.isEmpty, !instance.isCondemned else { return nil }
        if let askedAt = instance.askedAt { return askedAt.adding(seconds: limits.answerSeconds) }
        return instance.heardAt.adding(seconds: limits.silenceSeconds)
    }

    /// The deadline has come: the first time it is asked, the second time killed. One that answers and does not get on is
    /// killed when it would be asked again.
    mutating func endSilence(of id: InstanceID, _ instance: Instance, _ now: MonotonicTime) -> [Order] {
        guard instance.askedAt != nil else {
            guard now < instance.progressedAt.adding(seconds: limits.stallSeconds) else {
                return instanceMisbehaved(
                    id, reason: "it has tasks and its ranks have taken no work for \(limits.stallSeconds) s")
            }
            instances[id]?.askedAt = now
            return [.ping(id)]
        }
        return instanceMisbehaved(id, reason: "it has tasks and did not answer within \(limits.answerSeconds) s")
    }
}
