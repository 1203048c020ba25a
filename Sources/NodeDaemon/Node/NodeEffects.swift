// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the node does to the world. `NodeMachine` alone calls it, in one turn after the other; nothing here blocks, and
/// nothing calls back: what comes of it arrives as a `ReactorEvent` of a later turn. The daemon's implementation is
/// `ReactorEffects`; tests have a world of their own behind it.
protocol NodeEffects: AnyObject, Sendable {
    /// Called when no keeper is attached and one is to be looked for, or started. Answered by `keeperAttached`, before
    /// which the keeper has been greeted, or by `keeperNotFound`; once.
    func connectKeeper()

    /// Called when the keeper owes an answer for too long. It is not heard of again; `process`, where the node started it,
    /// is killed, and all its instances with it.
    func dropKeeper(killing process: Int32?)

    /// Called while a keeper is attached; dropped where it is gone.
    func order(_ order: ToKeeper)

    /// Called for a template that is to be started: opens the content's artefact and passes it to the keeper. Throws where
    /// the artefact cannot be opened; then nothing was ordered.
    func startTemplate(_ id: TemplateID, _ label: TemplateLabel) throws

    /// Called with frames for an instance; they arrive in this order, or the instance is broken off. Dropped where it is gone.
    func send(_ frames: [ToInstance], to instance: InstanceID)

    /// Called once for each instance, after which the machine names it no more: closes its channel.
    func close(_ instance: InstanceID)

    /// Called with what the given streams are to be told, after what went there before; of lists of instances the last one
    /// counts. Answers with those that are over: their scheduler does not read.
    func publish(_ event: NodeEvent, to streams: [StreamNumber]) -> [StreamNumber]

    /// Called when a stream is replaced, or its scheduler is: it ends after what went there before.
    func end(_ stream: StreamNumber)

    /// Called with all that is wanted of models when that has changed; the last one of them is on disk some time later.
    func keep(_ desired: DesiredStates)

    /// When a process began, in seconds since 1970; nil where it is gone.
    func startTime(of process: Int32) -> Double?

    /// Called with what happened, for logs and metrics.
    func note(_ occurrence: NodeOccurrence)
}

extension NodeEffects {
    /// Carries out an action that is only an order or a frame.
    func carryOut(_ action: PoolAction) {
        switch action {
        case .stopTemplate(let id): order(.stopTemplate(id))
        case .drain(let id): send([.drain], to: id)
        case .ping(let id): send([.ping(0)], to: id)
        case .cancelTasks(let id, let tasks): send(tasks.map { .cancel($0) }, to: id)
        case .kill(let id, let reason):
            note(.instanceKilled(id, reason: reason))
            order(.killInstance(id))
        case .assign(let task, let instance): send(ToInstance.submission(TaskSubmission(task)), to: instance)
        case .preempt(let task, let instance):
            note(.taskPreempted(task, instance))
            send([.cancel(task)], to: instance)
        case .startTemplate, .fork, .releaseInstance, .fail, .cleared: break
        }
    }
}

/// Where the node's time comes from.
protocol NodeClock: Sendable {
    /// Grows only.
    var now: MonotonicTime { get }
    /// Seconds since 1970.
    var wallClock: Double { get }
}

/// The host's clocks.
struct SystemNodeClock: NodeClock {
    var now: MonotonicTime { .now }
    var wallClock: Double { ProcessFacts.wallClock }
}
