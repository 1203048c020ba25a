// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// Instances that hang. One that dies is reported by its keeper; one that lives and does nothing can only be told from
/// its silence. Its thread for messages answers also while a long step computes, so slow models are safe. Nothing here
/// needs a timer for an instance without tasks.
extension InstancePool {
    /// An instance has said anything at all.
    mutating func instanceSpoke(_ id: InstanceID, now: MonotonicTime) {
        instances[id]?.heardAt = now
        instances[id]?.askedAt = nil
    }

    /// An instance is about to get a task: with its first one the watch begins. A later one must not begin it anew, or
    /// a steady flow of requests would keep a dead instance.
    mutating func noteWork(of id: InstanceID, _ now: MonotonicTime) {
        if instances[id]?.tasks.isEmpty == true { instanceSpoke(id, now: now) }
    }

    /// When an instance's silence has lasted long enough to ask, or, once asked, to end it; nil without tasks.
    func silenceDeadline(_ instance: Instance) -> MonotonicTime? {
        guard !instance.tasks.isEmpty, !instance.isCondemned else { return nil }
        if let askedAt = instance.askedAt { return askedAt.adding(seconds: limits.answerSeconds) }
        return instance.heardAt.adding(seconds: limits.silenceSeconds)
    }

    /// The deadline has come: the first time it is asked, the second time killed.
    mutating func endSilence(of id: InstanceID, _ instance: Instance, _ now: MonotonicTime) -> [Order] {
        guard instance.askedAt != nil else {
            instances[id]?.askedAt = now
            return [.ping(id)]
        }
        return instanceMisbehaved(id, reason: "it has tasks and did not answer within \(limits.answerSeconds) s")
    }
}
