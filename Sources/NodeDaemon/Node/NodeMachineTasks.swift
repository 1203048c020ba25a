// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What schedulers order.
extension NodeMachine {
    // MARK: Streams

    /// Begins a scheduler's stream, and ends the one before; its number. `opened` makes it known to the effects before
    /// anything is said on it.
    mutating func openStream(
        of identity: SchedulerIdentity?, now: MonotonicTime, opened: (StreamNumber) -> Void
    ) throws(NodeAPIError) -> StreamNumber {
        let scheduler = try admit(identity, now)
        let (stream, ended) = schedulers.open(scheduler, now: now)
        if let ended { effects.end(ended) }
        opened(stream)
        publish(
            .hello(node: configuration.node, version: Release.version, processID: ProcessFacts.ownProcessID),
            to: scheduler, now)
        publish(.models(pool.names.all), to: scheduler, now)
        publish(.instances(pool.summaries(configuration, privateBytes: { _ in nil })), to: scheduler, now)
        return stream
    }

    /// Whose order it is. A newer life of a scheduler has to ask for what the one before it had.
    @discardableResult
    mutating func admit(_ identity: SchedulerIdentity?, _ now: MonotonicTime) throws(NodeAPIError)
        -> SchedulerID
    {
        let admission = try schedulers.admit(identity, now: now)
        if admission.isSuccessor { pool.tasks.abandon(by: admission.scheduler) }
        if let ended = admission.endedStream { effects.end(ended) }
        return admission.scheduler
    }

    /// Ends what a scheduler has not asked for although it had the time: it does not know these tasks any more.
    mutating func releaseDue(_ due: SchedulerTable.Due, _ now: MonotonicTime) {
        for task in due.claims.flatMap({ pool.tasks.tasks($0) }) {
            effects.note(.taskUnclaimed(task))
            release(task, now)
        }
    }

    // MARK: Tasks

    /// Takes a task in; of one that is here already the events are sent again.
    mutating func submit(_ task: ServingTask, by identity: SchedulerIdentity?, now: MonotonicTime) throws(NodeAPIError)
    {
        guard !task.isTooLarge else { throw .failure(.invalidRequest, "the prompt is larger than a node takes") }
        let scheduler = try admit(identity, now)
        if let known = pool.tasks[task.id] {
            pool.tasks.claim(task.id, by: scheduler, submission: task)
            if let instance = known.instance {
                askReplay(of: [.init(task: task.id, nextIndex: task.delivered)], at: instance)
            }
            return
        }
        guard !isDraining else { throw .failure(.overloaded, Self.drainMessage) }
        try keeper.requireAttached()
        guard let model = pool.names.served(task.model) else {
            throw .failure(.modelNotFound, NodeDaemonError.unknownModel(task.model.text).description)
        }
        if let digest = task.digest, digest != model.content {
            throw .failure(.modelReplaced, NodeDaemonError.modelReplaced(task.model.text).description)
        }
        switch pool.submit(task, to: PoolKey(content: model.content), by: scheduler, now: now) {
        case .admitted(let actions): perform(actions, now)
        case .overloaded:
            throw .failure(.overloaded, "too many tasks wait for '\(task.model)' on this node: try again")
        case .broken(let message):
            throw .failure(.startFailed, "no instance of '\(task.model)' could be started: \(message)")
        }
    }

    /// Ends a task; its `finished` event follows.
    mutating func cancel(_ task: TaskID, by identity: SchedulerIdentity?, now: MonotonicTime) throws(NodeAPIError) {
        _ = try admit(identity, now)
        guard let record = pool.tasks[task] else { throw .unknownTask(task) }
        switch record.place {
        case .over: break
        case .running(let instance):
            pool.tasks.endPreemption(task)
            pool.tasks.noteCancellation(task, now: now)
            effects.send([.cancel(task)], to: instance)
        case .waiting:
            guard pool.withdraw(task) else { return }
            let outcome = TaskOutcome(
                reason: .cancelled, text: "", completionTokens: record.submission?.delivered ?? 0,
                prefillMicroseconds: 0, decodeMicroseconds: 0)
            publish(task, .finished(outcome), now)
            _ = pool.tasks.remove(task)
        }
    }

    /// Has a task's events sent again from a part's index on, to the scheduler that asks: it claims the task.
    mutating func resume(
        _ task: TaskID, from index: Int, by identity: SchedulerIdentity?, now: MonotonicTime
    ) throws(NodeAPIError) {
        guard index >= 0, index <= TaskSubmission.Limits.generated else {
            throw .badRequest("'index' must be between 0 and \(TaskSubmission.Limits.generated)")
        }
        let scheduler = try admit(identity, now)
        guard let record = pool.tasks[task] else { throw .unknownTask(task) }
        pool.tasks.claim(task, by: scheduler)
        // A task that still waits has said nothing that could be missing.
        guard let instance = record.instance else { return }
        askReplay(of: [.init(task: task, nextIndex: index)], at: instance)
    }

    /// The scheduler has these parts, or is done with these tasks.
    mutating func acknowledge(
        _ acknowledgements: [TaskAcknowledgement], by identity: SchedulerIdentity?, now: MonotonicTime
    ) throws(NodeAPIError) {
        _ = try admit(identity, now)
        var frames = OrderedBatches<InstanceID, ToInstance>()
        for item in acknowledgements {
            guard let record = pool.tasks[item.task] else { continue }
            if item.isOver {
                release(item.task, now)
            } else if let instance = record.instance, (0...TaskSubmission.Limits.generated).contains(item.index) {
                pool.tasks.acknowledge(item.task, below: item.index)
                frames.add(.acknowledge(item.task, index: item.index), for: instance)
            }
        }
        for batch in frames.all { effects.send(batch.elements, to: batch.receiver) }
    }

    // MARK: Ends

    /// Drops a task here and at its instance; a running one is ended by it.
    mutating func release(_ task: TaskID, _ now: MonotonicTime) {
        _ = pool.withdraw(task)
        guard let record = pool.tasks.release(task), let instance = record.instance else { return }
        effects.send([.release(task)], to: instance)
        if !record.isOver { perform(pool.taskEnded(at: instance, isSuccess: false, now: now), now) }
    }

    /// A task has come to its end at its instance, which keeps it until the scheduler releases it.
    mutating func end(_ task: TaskID, at instance: InstanceID, isSuccess: Bool, _ now: MonotonicTime) {
        guard pool.tasks[task]?.isOver == false else { return }
        for old in pool.tasks.end(task) { release(old, now) }
        perform(pool.taskEnded(at: instance, isSuccess: isSuccess, now: now), now)
    }

    /// Tells whoever listens what became of a task.
    mutating func publish(_ task: TaskID, _ event: TaskEvent, _ now: MonotonicTime) {
        guard let listener = pool.tasks[task]?.listener else { return }
        publish(.task(task, event), to: listener, now)
    }
}

extension ServingTask {
    /// What a submission may have beside its prompt's text, in bytes.
    private static let overhead = 1 << 20

    /// It does not fit what an instance takes.
    fileprivate var isTooLarge: Bool {
        work.byteCount > TaskSubmission.Limits.byteCount - Self.overhead
            || generated.count > TaskSubmission.Limits.generated / 8
    }
}

extension NodeAPIError {
    static func failure(_ failure: TaskFailure, _ message: String) -> NodeAPIError {
        NodeAPIError(code: failure.rawValue, message: message)
    }

    static func badRequest(_ message: String) -> NodeAPIError {
        NodeAPIError(code: "bad_request", message: message)
    }

    static func unknownTask(_ task: TaskID) -> NodeAPIError {
        NodeAPIError(code: "not_found", message: "\(task) is not known on this node: send it again")
    }
}
