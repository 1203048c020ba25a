// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// Steps 4 to 7 of a job's life: what each decision about an event means for node, client and record.
extension JobExecutor {
    func act(
        on action: AnswerProgress.Action, of task: TaskID, on node: NodeName, _ events: inout [JobEvent]
    ) throws(JobFailure) {
        switch action {
        case .nothing: break
        case .accept(let acceptance, let isFirst):
            accept(acceptance)
            if isFirst { events.append(.accepted(promptTokens: acceptance.promptTokens)) }
        case .deliver(let part, let isFirst, let acknowledge):
            clock.token()
            if isFirst { noteFirstToken() }
            if let acknowledge { dependencies.cluster.acknowledge(task, on: node, index: acknowledge) }
            events.append(.part(part))
        case .askAgain(let index): dependencies.cluster.askAgain(task, on: node, from: index)
        case .complete(let outcome): try complete(outcome, &events)
        case .placeAgain: lose(task, on: node)
        case .fail(let failure): throw failure
        }
    }

    private func accept(_ acceptance: TaskAcceptance) {
        clock.accept(acceptance)
        let phases = clock.phases
        job.update { record in
            record.status = .running
            record.promptTokens = record.promptTokens ?? acceptance.promptTokens
            record.phases = phases
            record.changeLastTask { task in
                task.instance = acceptance.instance
                task.status = .running
            }
        }
    }

    private func noteFirstToken() {
        search.forgive()
        let phases = clock.phases
        job.update { $0.phases = phases }
    }

    private func complete(_ outcome: TaskOutcome, _ events: inout [JobEvent]) throws(JobFailure) {
        clock.finish(outcome)
        let phases = clock.phases
        let completionTokens = submission.isAnswer ? max(outcome.completionTokens, progress.partCount) : 0
        job.update { record in
            record.phases = phases
            record.completionTokens = completionTokens
            record.finishReason = outcome.reason
        }
        guard outcome.reason != .cancelled else {
            throw JobFailure(.cancelled, "the task was ended on its node: send the request again if that was not you")
        }
        events.append(
            .finished(
                JobSummary(
                    reason: outcome.reason, promptTokens: progress.promptTokens ?? 0,
                    completionTokens: completionTokens,
                    rest: JobSummary.TokenRest(text: outcome.text, extra: outcome.extra),
                    messageTokens: outcome.messageTokens)))
        phase = .over
        ending.finish(.completed)
    }

    /// The task is lost; the next one begins with the tokens so far.
    private func lose(_ task: TaskID, on node: NodeName) {
        dependencies.cluster.release(task, on: node, index: progress.partCount)
        ending.setTask(nil, on: nil)
        _ = search.avoid(node)
        phase = .placing
        job.update { record in
            record.changeLastTask { task in
                task.status = .failed
                task.failure = TaskFailure.instanceLost.rawValue
            }
        }
    }
}

extension JobRecord {
    /// Changes the attempt that is being made.
    fileprivate mutating func changeLastTask(_ change: (inout TaskRecord) -> Void) {
        guard let last = tasks.indices.last else { return }
        change(&tasks[last])
    }
}
