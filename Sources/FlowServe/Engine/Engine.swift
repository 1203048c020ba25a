// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import KVCache
internal import LanguageModels
package import LinuxKernel
package import Messages
package import ServingModel
internal import Tokenization

/// Does the work of tasks: prompts in, tokens, text and vectors out, one step after another. It owns the planner, the
/// runner and what is known of each reply; one thread uses it. It does no I/O: what happened is taken as events.
///
/// A reply is fixed by the work alone, whatever else is served beside it, also when its blocks were taken away in
/// between or when it is continued by another instance.
package final class Engine {
    let prompts: PromptEncoding
    let image: ServingModelImage
    let runner: ModelRunner
    let limits: EngineLimits
    let now: () -> MonotonicTime

    var planner: BatchPlanner<LocalBlocks>
    private var pace = PrefillBudget()
    var answers: [SequenceNumber: AnswerInProgress] = [:]
    var numbers: [TaskID: SequenceNumber] = [:]
    /// Texts of embeddings that the planner has, and the tasks they belong to.
    var texts: [SequenceNumber: TextInPooling] = [:]
    var embeddings: [TaskID: EmbeddingInProgress] = [:]
    var echoes: [TaskID: TokenEcho] = [:]
    var events: [EngineEvent] = []
    private var nextNumber: UInt64 = 0
    private var batch = StepBatch()
    private var sampled: [Int32] = []

    /// An engine without tasks over a runner of the same model. `now` is asked when tasks begin and tokens are sampled.
    package init(
        image: ServingModelImage, runner: ModelRunner, limits: EngineLimits,
        now: @escaping () -> MonotonicTime = { .now }
    ) {
        precondition(limits.batch.tokensPerStep <= runner.maxStepTokens, "the runner has no memory for such steps")
        self.image = image
        self.runner = runner
        self.limits = limits
        self.now = now
        prompts = PromptEncoding(tokenizer: image.tokenizer, template: image.template)
        planner = BatchPlanner(
            limits: limits.batch, blockCount: runner.blockCount, tokensPerBlock: runner.geometry.tokensPerBlock)
    }

    /// Tasks that are not over.
    package var taskCount: Int { answers.count + embeddings.count + echoes.count }

    /// Tokens that prompt and answer may have together here: the model's context, or what the memory holds of it.
    package var contextTokens: Int { min(image.artefact.configuration.contextLength, planner.positionCapacity) }

    /// Everything that happened since the last call, in order.
    package func takeEvents() -> [EngineEvent] {
        defer { events = [] }
        return events
    }

    /// Takes a task: `accepted` or `failed` follows at once, and the end too where nothing is left to be done.
    /// The task must not be known here already.
    package func submit(_ submission: TaskSubmission) {
        precondition(!knows(submission.task), "a task is submitted once")
        do throws(TaskRefusal) {
            guard taskCount < limits.maximumTasks else {
                throw TaskRefusal(.overloaded, "this instance already works on \(limits.maximumTasks) tasks")
            }
            try SubmissionRules.check(submission, vocabularySize: image.artefact.configuration.vocabularySize)
            switch submission.work {
            case .answer(let prompt, let sampling): try beginAnswer(submission, prompt, sampling)
            case .embedding(let inputs, let parameters): try beginEmbedding(submission, inputs, parameters)
            case .tokenization(let prompt): try beginTokenization(submission, prompt)
            case .detokenization(let tokens): beginDetokenization(submission, tokens)
            }
        } catch {
            events.append(.failed(submission.task, error.failure, message: error.message))
        }
    }

    private func knows(_ task: TaskID) -> Bool {
        numbers[task] != nil || embeddings[task] != nil || echoes[task] != nil
    }

    /// Ends a task with `finished(.cancelled)`; one that is over or unknown is left as it is.
    package func cancel(_ task: TaskID) {
        if let number = numbers[task] {
            planner.remove(number)
            endAnswer(number, .cancelled)
        } else if embeddings[task] != nil {
            endEmbedding(task, .cancelled)
        } else if let echo = echoes.removeValue(forKey: task) {
            events.append(.finished(task, echo.outcome(.cancelled)))
        }
    }

    /// The reader has the parts below `index`.
    package func acknowledge(_ task: TaskID, index: Int) {
        if let number = numbers[task] { planner.acknowledge(number, index: index) }
        if echoes[task] != nil { continueEcho(task, acknowledged: index) }
    }

    /// Runs one step. False where there is nothing to run until something else happens.
    package func step() -> Bool {
        let plan = planner.schedule { [pace] in pace.promptTokens(besideAnswers: $0) }
        guard !plan.isEmpty else { return false }
        layOut(plan)
        let start = now()
        runner.run(batch, into: &sampled)
        let end = now()
        let answers = plan.answerTokenCount
        pace.note(
            answerTokens: answers, promptTokens: plan.tokenCount - answers,
            seconds: Double(end.microseconds(since: start)) * 1e-6)
        complete(plan, at: end)
        return true
    }

    /// Gives memory of earlier steps back to the kernel. For an engine that has had no task for a while.
    package func releaseIdleMemory() {
        runner.releaseIdleMemory()
    }

    /// A number for a new sequence; they ascend.
    func takeNumber() -> SequenceNumber {
        defer { nextNumber += 1 }
        return SequenceNumber(nextNumber)
    }

    private func layOut(_ plan: StepPlan) {
        batch.removeAll()
        for chunk in plan.chunks {
            var tokenCount = 0
            if let answer = answers[chunk.sequence] {
                layOut(chunk, answer)
                tokenCount = answer.tokens.count
            } else if let text = texts[chunk.sequence] {
                tokenCount = text.tokens.count
                for position in chunk.firstPosition..<chunk.firstPosition + chunk.count {
                    batch.tokens.append(
                        StepToken(
                            id: text.tokens[position], position: position, sequence: batch.sequences.count,
                            isPooled: text.pools(position)))
                }
            } else {
                preconditionFailure("the planner knows a sequence that the engine has forgotten")
            }
            batch.sequences.append(StepSequence(blockTable: chunk.blocks, tokenCount: tokenCount))
        }
    }

    private func layOut(_ chunk: PlannedChunk, _ answer: AnswerInProgress) {
        let last = chunk.firstPosition + chunk.count - 1
        for position in chunk.firstPosition...last {
            batch.tokens.append(
                StepToken(
                    id: answer.tokens[position], position: position, sequence: batch.sequences.count,
                    sampling: chunk.samples && position == last ? batch.samplings.count : nil))
        }
        if chunk.samples { batch.samplings.append(answer.samplingPlan) }
    }

    /// Outputs come in the order of the chunks: sampled tokens, and pooled tokens by themselves.
    private func complete(_ plan: StepPlan, at time: MonotonicTime) {
        var ended: Set<SequenceNumber> = []
        var reasons: [(SequenceNumber, FinishReason)] = []
        var grown: [SequenceNumber] = []
        var samplings = 0
        var poolings = 0
        for chunk in plan.chunks {
            if texts[chunk.sequence] != nil {
                poolings += addPooled(chunk, from: poolings)
                if chunk.samples { ended.insert(chunk.sequence) }
            } else if chunk.samples {
                let logprob = runner.logprob(ofSampling: samplings)
                if let reason = take(sampled[samplings], logprob, of: chunk.sequence, at: time) {
                    ended.insert(chunk.sequence)
                    reasons.append((chunk.sequence, reason))
                } else if hasOutgrownShortContext(chunk.sequence) {
                    grown.append(chunk.sequence)
                }
                samplings += 1
            }
        }
        planner.complete(plan, ended: ended)
        for number in grown { planner.recompute(number) }
        for (number, reason) in reasons { endAnswer(number, reason) }
        for number in ended where texts[number] != nil { finishText(number) }
    }

    /// Whether an answer's newest token is the first beyond the context up to which a model rotates texts by the angles
    /// of short ones: from then on all its positions have other angles.
    private func hasOutgrownShortContext(_ number: SequenceNumber) -> Bool {
        let short = image.artefact.configuration.shortContextLength
        return short > 0 && answers[number]?.tokens.count == short + 1
    }
}
