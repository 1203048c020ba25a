// SPDX-License-Identifier: Apache-2.0
internal import Policies
internal import ServingModel
internal import Synchronization

/// The admission queue with the channels of those who wait in it.
final class AdmissionGate: Sendable {
    private struct State {
        var queue: AdmissionQueue
        var channels: [JobID: JobChannel] = [:]
    }

    private let state: Mutex<State>

    init(limits: AdmissionQueue.Limits) {
        state = Mutex(State(queue: AdmissionQueue(limits: limits)))
    }

    /// A job comes; `admitted` is posted to `channel` now or later, unless it is refused here.
    func arrive(_ job: JobID, of tenant: String, _ channel: JobChannel) throws(JobFailure) {
        let admission = state.withLock { state in
            let admission = state.queue.arrive(job, of: tenant)
            if case .queued = admission { state.channels[job] = channel }
            return admission
        }
        switch admission {
        case .admitted: channel.post(.admitted, isUrgent: true)
        case .queued: break
        case .refused(.tenantQueueFull(let limit)):
            throw JobFailure(.queueFull, "\(limit) of your requests are waiting already: send this one again later")
        case .refused(.queueFull(let limit)):
            throw JobFailure(.queueFull, "\(limit) requests are waiting already: send this one again later")
        }
    }

    /// A job is over or gave up.
    func leave(_ job: JobID) {
        let admitted = state.withLock { state in
            state.channels[job] = nil
            return state.queue.leave(job).compactMap { state.channels.removeValue(forKey: $0) }
        }
        for channel in admitted { channel.post(.admitted, isUrgent: true) }
    }

    /// Other limits hold from now on; whoever fits in by that is let in.
    func keep(to limits: AdmissionQueue.Limits) {
        let admitted = state.withLock { state in
            state.queue.keep(to: limits).compactMap { state.channels.removeValue(forKey: $0) }
        }
        for channel in admitted { channel.post(.admitted, isUrgent: true) }
    }

    /// Jobs that wait.
    var waitingCount: Int { state.withLock { $0.queue.waitingCount } }
}
