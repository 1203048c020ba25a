// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Logging
internal import Messages
internal import ServingModel
internal import SystemdIntegration

/// What the scheduler orders about tasks.
extension NodeService {
    /// Tasks at their end that are kept for a scheduler which may ask for them again.
    private static let endedTaskLimit = 4096
    /// What a submission may have beside its prompt's text.
    private static let submissionOverhead = 1 << 20

    /// Takes a task in; of one that is here already the events are sent again.
    func submit(_ task: ServingTask) async throws(NodeAPIError) {
        guard task.work.byteCount <= TaskSubmission.Limits.byteCount - Self.submissionOverhead,
            task.generated.count <= TaskSubmission.Limits.generated / 8
        else { throw .failure(.invalidRequest, "the prompt is larger than a node takes") }
        await waitUntilSettled()
        if let known = tasks[task.id] {
            tasks[task.id]?.isUnclaimed = false
            if let instance = known.instance {
                askReplay(of: [.init(task: task.id, nextIndex: task.delivered)], at: instance)
            }
            return
        }
        guard !isDraining else { throw .failure(.overloaded, Self.drainMessage) }
        guard link.phase == .attached else {
            throw .failure(.overloaded, "the node has no keeper now: \(link.trouble ?? "it is being attached")")
        }
        guard let model = store[task.model] else {
            throw .failure(.modelNotFound, NodeDaemonError.unknownModel(task.model.text).description)
        }
        if let digest = task.digest, digest != model.digest {
            throw .failure(.modelReplaced, NodeDaemonError.modelReplaced(task.model.text).description)
        }
        tasks[task.id] = NodeTask(
            submission: task, submittedAt: .now, order: ReplyOrder(nextIndex: task.delivered, limit: task.partLimit))
        switch pool.submit(task.id, model: ModelKey(model), now: .now) {
        case .admitted(let orders):
            carryOut(orders)
            let isWaiting = tasks[task.id]?.instance == nil
            tasks[task.id]?.hasWaited = isWaiting
        case .overloaded:
            tasks[task.id] = nil
            throw .failure(.overloaded, "too many tasks wait for '\(task.model)' on this node: try again")
        case .broken(let message):
            tasks[task.id] = nil
            throw .failure(.startFailed, "no instance of '\(task.model)' could be started: \(message)")
        }
    }

    /// Ends a task; its `finished` event follows.
    func cancel(_ task: TaskID) throws(NodeAPIError) {
        guard let record = tasks[task] else { throw .unknownTask(task) }
        guard !record.isOver else { return }
        if let instance = record.instance {
            reactor.send([.cancel(task)], to: instance)
            pool.noteCancellation(of: task, now: .now)
        } else if pool.withdraw(task) {
            tasks[task] = nil
            let outcome = TaskOutcome(
                reason: .cancelled, text: "", completionTokens: record.submission?.delivered ?? 0,
                prefillMicroseconds: 0, decodeMicroseconds: 0)
            publish(.task(task, .finished(outcome)))
            settle()
        }
    }

    /// Has a task's events sent again from a token's index on.
    func resume(_ task: TaskID, from index: Int) async throws(NodeAPIError) {
        guard index >= 0, index <= TaskSubmission.Limits.generated else {
            throw .badRequest("'index' must be between 0 and \(TaskSubmission.Limits.generated)")
        }
        await waitUntilSettled()
        guard let record = tasks[task] else { throw .unknownTask(task) }
        tasks[task]?.isUnclaimed = false
        // A task that still waits has said nothing that could be missing.
        guard let instance = record.instance else { return }
        askReplay(of: [.init(task: task, nextIndex: index)], at: instance)
    }

    /// The scheduler has these tokens, or is done with these tasks.
    func acknowledge(_ acknowledgements: [TaskAcknowledgement]) {
        var frames: [InstanceID: [ToInstance]] = [:]
        for item in acknowledgements {
            guard let record = tasks[item.task] else { continue }
            if item.isOver {
                release(item.task)
            } else if let instance = record.instance, (0...TaskSubmission.Limits.generated).contains(item.index) {
                tasks[item.task]?.order.acknowledge(item.index)
                frames[instance, default: []].append(.acknowledge(item.task, index: item.index))
            }
        }
        for (instance, list) in frames { reactor.send(list, to: instance) }
        settle()
    }

    /// Ends what the scheduler has not asked for although it had the time: it does not know these tasks any more.
    func releaseUnclaimed() {
        for task in tasks.filter(\.value.isUnclaimed).keys {
            logger.info("ended a task that no scheduler claims", metadata: .about([.task: task]))
            release(task)
        }
        settle()
    }

    /// Drops a task here and at its instance; a running one is ended by it.
    func release(_ task: TaskID) {
        guard let record = tasks.removeValue(forKey: task) else { return }
        guard let instance = record.instance else {
            _ = pool.withdraw(task)
            return
        }
        released[instance, default: ReleasedTasks()].insert(task)
        reactor.send([.release(task)], to: instance)
        if !record.isOver { carryOut(pool.taskOver(task, isSuccess: false, now: .now)) }
    }

    /// An instance has been chosen: the task goes there.
    func assign(_ task: TaskID, to instance: InstanceID) {
        guard var record = tasks[task], let submission = record.submission else { return }
        record.instance = instance
        record.submission = nil
        if record.hasWaited { record.startMicroseconds = MonotonicTime.now.microseconds(since: record.submittedAt) }
        tasks[task] = record
        released[instance]?.remove(task)
        reactor.send(ToInstance.submission(TaskSubmission(submission)), to: instance)
    }

    /// A task cannot be served: the scheduler is told, and nothing of it is kept.
    func fail(_ task: TaskID, _ failure: TaskFailure, _ message: String) {
        guard let record = tasks.removeValue(forKey: task) else { return }
        guard !record.isOver else { return }
        logger.info(
            "a task failed",
            metadata: .about(
                [.task: task, .instance: record.instance],
                ["code": "\(failure.rawValue)", "reason": "\(message)"]))
        publish(.task(task, .failed(failure, message: message)))
    }

    /// A task has come to its end at its instance, which keeps it until the scheduler releases it.
    func end(_ task: TaskID, isSuccess: Bool) {
        guard tasks[task]?.isOver == false else { return }
        tasks[task]?.isOver = true
        endedTasks.append(task)
        if endedTasks.count > Self.endedTaskLimit {
            let oldest = endedTasks.removeFirst()
            if tasks[oldest]?.isOver == true { release(oldest) }
        }
        carryOut(pool.taskOver(task, isSuccess: isSuccess, now: .now))
    }

    /// Drops tasks that were kept for a scheduler and died with their instance.
    func dropEndedTasks(of instance: InstanceID) {
        for (task, record) in tasks where record.instance == instance && record.isOver { tasks[task] = nil }
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
