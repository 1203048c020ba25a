// SPDX-License-Identifier: Apache-2.0
internal import Policies
internal import ServingModel
internal import Synchronization

/// The admission queue with the jobs that wait in it. Jobs are told that they are let in after the queue's lock is free.
final class AdmissionGate: Sendable {
    private struct State {
        var queue: AdmissionQueue
        var waiting: [JobID: JobDriver] = [:]
    }

    private let state: Mutex<State>

    init(limits: AdmissionQueue.Limits) {
        state = Mutex(State(queue: AdmissionQueue(limits: limits)))
    }

    /// The jobs of a request come, all of one tenant; they are let in together, now or later, unless they are refused here.
    func arrive(_ jobs: [JobDriver]) throws(JobFailure) {
        guard let sender = jobs.first?.sender else { return }
        let admission = state.withLock { state in
            let admission = state.queue.arrive(jobs.map(\.id), of: sender.tenant, weight: sender.weight)
            if case .queued = admission { for job in jobs { state.waiting[job.id] = job } }
            return admission
        }
        switch admission {
        case .admitted: for job in jobs { job.admitted() }
        case .queued: break
        case .refused(.tenantQueueFull(let limit)):
            throw JobFailure(.queueFull, "\(limit) of your requests are waiting already: send this one again later")
        case .refused(.queueFull(let limit)):
            throw JobFailure(.queueFull, "\(limit) requests are waiting already: send this one again later")
        }
        // One that was ended meanwhile has looked for its place in vain.
        for job in jobs where job.isOver { leave(job) }
    }

    /// A job that gave its place back wants one again.
    func rejoin(_ job: JobDriver) {
        let isAdmitted = state.withLock { state in
            let isAdmitted = state.queue.rejoin(job.id, of: job.sender.tenant, weight: job.sender.weight)
            if !isAdmitted { state.waiting[job.id] = job }
            return isAdmitted
        }
        if isAdmitted { job.admitted() }
    }

    /// A job is over, gives up, or gives its place back.
    func leave(_ job: JobDriver) {
        let admitted = state.withLock { state in
            state.waiting[job.id] = nil
            return state.queue.leave(job.id).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for job in admitted { job.admitted() }
    }

    /// Other limits hold from now on; whoever fits in by that is let in.
    func keep(to limits: AdmissionQueue.Limits) {
        let admitted = state.withLock { state in
            state.queue.keep(to: limits).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for job in admitted { job.admitted() }
    }

    /// Jobs that wait.
    var waitingCount: Int { state.withLock { $0.queue.waitingCount } }
    /// Jobs that have a place.
    var runningCount: Int { state.withLock { $0.queue.runningCount } }
}
