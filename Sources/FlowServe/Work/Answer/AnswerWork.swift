// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import Tokenization

/// An answer: from a prompt to its continuation, one sequence.
final class AnswerWork: ComputedWork {
    let task: TaskID
    let queue: TenantQueue
    private var answer: AnswerInProgress
    private var sequence: SequenceNumber?

    /// Checks a submission and reads its prompt.
    init(
        _ submission: TaskSubmission, _ prompt: Prompt, _ sampling: SamplingParameters, in context: WorkContext
    ) throws(TaskRefusal) {
        try SubmissionRules.check(prompt)
        try SamplingRules.check(sampling, vocabularySize: context.configuration.vocabularySize)
        guard submission.delivered == submission.generated.count else {
            throw TaskRefusal(.invalidRequest, "an answer goes on after the tokens that were delivered")
        }
        guard context.hasLogits else {
            throw TaskRefusal(.invalidRequest, "this model makes vectors of texts, no answers; ask it for embeddings")
        }
        let (tokens, format) = try context.prompts.read(prompt)
        let room = try Self.room(behind: tokens.count, in: context)
        task = submission.task
        queue = TenantQueue(submission)
        answer = AnswerInProgress(
            sampling: sampling, prompt: tokens, generated: submission.generated,
            maxTokens: min(room, sampling.maximumTokens ?? room),
            text: AnswerText(context.image.tokenizer, stops: sampling.stop, format: format),
            endTokens: context.image.tokenizer.endTokens, at: context.now())
    }

    /// Tokens that an answer can have behind such a prompt. An answer that would need more ends there with `length`.
    private static func room(behind promptTokens: Int, in context: WorkContext) throws(TaskRefusal) -> Int {
        guard promptTokens < context.contextTokens else {
            throw TaskRefusal(
                .contextLengthExceeded,
                "the prompt has \(promptTokens) tokens and \(context.contextBound), with room for at least one token of "
                    + "the answer; shorten the prompt")
        }
        return min(context.contextTokens - promptTokens, TaskSubmission.Limits.generated)
    }

    func begin(in context: WorkContext) {
        context.send(.accepted(task, promptTokens: answer.promptTokens, firstIndex: answer.answerTokens))
        // A continued answer may have been complete when the instance before was lost.
        if let reason = answer.reasonToEnd { return context.finish(self, reason) }
        sequence = context.addSequence(
            of: self, tokenCount: answer.tokens.count, nextIndex: answer.answerTokens)
    }

    func acknowledge(_ index: Int, in context: WorkContext) {
        if let sequence { context.planner.acknowledge(sequence, index: index) }
    }

    func outcome(_ reason: FinishReason, at time: MonotonicTime) -> TaskOutcome { answer.outcome(reason) }

    func layOut(_ chunk: PlannedChunk, into batch: inout StepBatch) {
        let last = chunk.firstPosition + chunk.count - 1
        for position in chunk.firstPosition...last {
            batch.tokens.append(
                StepToken(
                    id: answer.tokens[position], position: position, sequence: batch.sequences.count,
                    sampling: chunk.samples && position == last ? batch.samplings.count : nil))
        }
        if chunk.samples { batch.samplings.append(answer.samplingPlan) }
        batch.sequences.append(StepSequence(blockTable: chunk.blocks, tokenCount: answer.tokens.count))
    }

    func take(_ chunk: PlannedChunk, from outputs: inout StepOutputs, in context: WorkContext) -> SequenceProgress {
        guard chunk.samples else { return .continues }
        let sample = outputs.nextSample()
        guard context[task] === self else { return .ends }
        if let reason = append(sample, at: outputs.time, in: context) {
            context.finish(self, reason)
            return .ends
        }
        if hasOutgrownShortContext(context.configuration) { context.planner.recompute(chunk.sequence) }
        return .continues
    }

    /// Adds a sampled token to the answer and says whether the answer is over. A token that ends the text is not part
    /// of the answer: it is no event and is not counted.
    private func append(
        _ sample: StepOutputs.Sample, at time: MonotonicTime, in context: WorkContext
    ) -> FinishReason? {
        answer.noteSample(sample.token, at: time)
        let tokenizer = context.image.tokenizer
        if !answer.sampling.ignoresEndOfSequence, tokenizer.endTokens.contains(sample.token) { return .stop }
        let logprob = sample.logprob.map { described($0, by: tokenizer) }
        context.send(.token(task, answer.append(sample.token, logprob)))
        return answer.reasonToEnd
    }

    /// Whether the newest token is the first beyond the context up to which a model rotates texts by the angles of
    /// short ones: from then on all positions have other angles, and are computed again.
    private func hasOutgrownShortContext(_ configuration: ModelConfiguration) -> Bool {
        let short = configuration.shortContextLength
        return short > 0 && answer.tokens.count == short + 1
    }

    /// A logprob with the texts of its tokens.
    private func described(_ logprob: SampledLogprob, by tokenizer: Tokenizer) -> TokenLogprob {
        func candidate(_ token: RankedToken) -> TokenLogprob.Candidate {
            let bytes = tokenizer.bytes(of: token.id)
            let shown = bytes.isEmpty ? tokenizer.text(of: token.id) : bytes
            return TokenLogprob.Candidate(
                id: token.id, logarithm: token.logarithm, bytes: Array(shown.prefix(FromInstance.Limits.likelyBytes)))
        }
        return TokenLogprob(chosen: candidate(logprob.chosen), top: logprob.top.map(candidate))
    }
}
