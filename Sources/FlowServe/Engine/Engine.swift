// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LanguageModels
package import LinuxKernel
package import Messages
package import ServingModel
internal import Tokenization

/// Answers tasks: prompts in, tokens and text out, one step after another. It owns the planner, the runner and what
/// is known of each answer; one thread uses it. It does no I/O: what happened is taken as events.
///
/// An answer is fixed by prompt and sampling parameters alone, whatever else is served beside it, also when its blocks
/// were taken away in between or when it is continued by another instance.
package final class Engine {
    private let prompts: PromptEncoding
    private let image: ServingModelImage
    private let runner: ModelRunner
    private let limits: EngineLimits
    private let now: () -> MonotonicTime

    private var planner: BatchPlanner
    private var pace = PromptPace()
    private var answers: [SequenceNumber: AnswerInProgress] = [:]
    private var numbers: [TaskID: SequenceNumber] = [:]
    private var nextNumber: UInt64 = 0
    private var events: [EngineEvent] = []
    private var batch = StepBatch()
    private var sampled: [Int32] = []

    /// An engine without tasks over a runner of the same model. `now` is asked when tasks begin and tokens are sampled.
    package init(
        image: ServingModelImage, runner: ModelRunner, limits: EngineLimits,
        now: @escaping () -> MonotonicTime = { .now }
    ) {
        precondition(limits.batch.rowsPerStep <= runner.maximumRows, "the runner has no memory for such steps")
        self.image = image
        self.runner = runner
        self.limits = limits
        self.now = now
        prompts = PromptEncoding(tokenizer: image.tokenizer, template: image.template)
        planner = BatchPlanner(
            limits: limits.batch, blockCount: runner.blockCount, tokensPerBlock: runner.geometry.tokensPerBlock)
    }

    /// Tasks that are not over.
    package var taskCount: Int { answers.count }

    /// Tokens that prompt and answer may have together here: the model's context, or what the memory holds of it.
    package var contextTokens: Int { min(image.artefact.configuration.contextLength, planner.positionCapacity) }

    /// Everything that happened since the last call, in order.
    package func takeEvents() -> [EngineEvent] {
        defer { events = [] }
        return events
    }

    /// Takes a task: `accepted` or `failed` follows at once, and the end too where nothing is left to be generated.
    /// The task must not be known here already.
    package func submit(_ submission: TaskSubmission) {
        precondition(numbers[submission.task] == nil, "a task is submitted once")
        do throws(TaskRefusal) {
            let answer = try begin(submission)
            events.append(
                .accepted(submission.task, promptTokens: answer.promptTokens, firstIndex: answer.answerTokens))
            enter(answer)
        } catch {
            events.append(.failed(submission.task, error.failure, message: error.message))
        }
    }

    /// Ends a task with `finished(.cancelled)`; one that is over or unknown is left as it is.
    package func cancel(_ task: TaskID) {
        guard let number = numbers[task] else { return }
        planner.remove(number)
        end(number, .cancelled)
    }

    /// The reader has the tokens below `index`.
    package func acknowledge(_ task: TaskID, index: Int) {
        guard let number = numbers[task] else { return }
        planner.acknowledge(number, index: index)
    }

    /// Runs one step. False where there is nothing to run until something else happens.
    package func step() -> Bool {
        let plan = planner.schedule { [pace] in pace.promptRows(besideAnswers: $0) }
        guard !plan.isEmpty else { return false }
        layOut(plan)
        let start = now()
        runner.run(batch, into: &sampled)
        let end = now()
        let answers = plan.answerRowCount
        pace.note(
            answerRows: answers, promptRows: plan.rowCount - answers,
            seconds: Double(end.microseconds(since: start)) * 1e-6)
        complete(plan, at: end)
        return true
    }

    /// Gives memory of earlier steps back to the kernel. For an engine that has had no task for a while.
    package func releaseIdleMemory() {
        runner.releaseIdleMemory()
    }

    private func begin(_ submission: TaskSubmission) throws(TaskRefusal) -> AnswerInProgress {
        let configuration = image.artefact.configuration
        guard answers.count < limits.maximumTasks else {
            throw TaskRefusal(.overloaded, "this instance already works on \(limits.maximumTasks) tasks")
        }
        try SubmissionRules.check(submission, vocabularySize: configuration.vocabularySize)
        let prompt = try prompts.tokens(of: submission.prompt)
        let room = try answerRoom(promptTokens: prompt.count)
        return AnswerInProgress(
            task: submission.task, sampling: submission.sampling, prompt: prompt, generated: submission.generated,
            mostTokens: min(room, submission.sampling.maximumTokens ?? room),
            text: AnswerText(image.tokenizer, stops: submission.sampling.stop), at: now())
    }

    /// Tokens that an answer can have after such a prompt. An answer that would need more ends there with `length`.
    private func answerRoom(promptTokens: Int) throws(TaskRefusal) -> Int {
        let context = image.artefact.configuration.contextLength
        guard promptTokens < contextTokens else {
            let bound =
                context <= planner.positionCapacity
                ? "the model's context holds \(context)"
                : "this instance's memory holds \(planner.positionCapacity) of the model's context of \(context)"
            throw TaskRefusal(
                .contextLengthExceeded,
                "the prompt has \(promptTokens) tokens and \(bound), with room for at least one token of the answer; "
                    + "shorten the prompt")
        }
        return min(contextTokens - promptTokens, TaskSubmission.Limits.generated)
    }

    private func enter(_ answer: AnswerInProgress) {
        let number = SequenceNumber(nextNumber)
        nextNumber += 1
        answers[number] = answer
        numbers[answer.task] = number
        // A continued answer may have been complete when the instance before was lost.
        if let reason = answer.reasonToEnd {
            end(number, reason)
        } else {
            planner.add(number, tokenCount: answer.tokens.count, nextIndex: answer.answerTokens)
        }
    }

    private func end(_ number: SequenceNumber, _ reason: FinishReason) {
        guard var answer = answers.removeValue(forKey: number) else { return }
        numbers[answer.task] = nil
        events.append(.finished(answer.task, answer.outcome(reason)))
    }

    private func layOut(_ plan: StepPlan) {
        batch.removeAll()
        for chunk in plan.chunks {
            guard let answer = answers[chunk.sequence] else {
                preconditionFailure("the planner knows a sequence that the engine has forgotten")
            }
            let last = chunk.firstPosition + chunk.count - 1
            for position in chunk.firstPosition...last {
                batch.rows.append(
                    StepRow(
                        token: answer.tokens[position], position: position, sequence: batch.sequences.count,
                        sampling: chunk.samples && position == last ? batch.samplings.count : nil))
            }
            batch.sequences.append(StepSequence(blockTable: chunk.blocks))
            if chunk.samples { batch.samplings.append(answer.samplingPlan) }
        }
    }

    private func complete(_ plan: StepPlan, at time: MonotonicTime) {
        var ended: Set<SequenceNumber> = []
        for (chunk, token) in zip(plan.chunks.lazy.filter(\.samples), sampled) {
            guard let reason = take(token, of: chunk.sequence, at: time) else { continue }
            ended.insert(chunk.sequence)
            end(chunk.sequence, reason)
        }
        planner.complete(plan, ended: ended)
    }

    /// Adds a sampled token to its answer and says whether the answer is over. A token that ends the text is not part
    /// of the answer: it is no event and is not counted.
    private func take(_ token: Int32, of number: SequenceNumber, at time: MonotonicTime) -> FinishReason? {
        guard let task = answers[number]?.task, let keepsEnd = answers[number]?.sampling.ignoresEndOfSequence else {
            return nil
        }
        answers[number]?.noteSample(at: time)
        if !keepsEnd, image.tokenizer.endTokens.contains(token) { return .stop }
        // Changed in place: a copy of the answer would copy all its tokens with every new one.
        guard let generated = answers[number]?.append(token) else { return nil }
        events.append(.token(task, generated))
        return answers[number]?.reasonToEnd
    }
}
