// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import Tokenization

/// Answers: from a prompt to its continuation.
extension Engine {
    func beginAnswer(
        _ submission: TaskSubmission, _ prompt: Prompt, _ sampling: SamplingParameters
    ) throws(TaskRefusal) {
        guard runner.hasLogits else {
            throw TaskRefusal(.invalidRequest, "this model makes vectors of texts, no answers; ask it for embeddings")
        }
        let (tokens, format) = try prompts.read(prompt)
        let room = try answerRoom(promptTokens: tokens.count)
        let answer = AnswerInProgress(
            task: submission.task, sampling: sampling, prompt: tokens, generated: submission.generated,
            maxTokens: min(room, sampling.maximumTokens ?? room),
            text: AnswerText(image.tokenizer, stops: sampling.stop, format: format),
            endTokens: image.tokenizer.endTokens, at: now())
        events.append(.accepted(answer.task, promptTokens: answer.promptTokens, firstIndex: answer.answerTokens))
        enter(answer)
    }

    /// Tokens that an answer can have after such a prompt. An answer that would need more ends there with `length`.
    private func answerRoom(promptTokens: Int) throws(TaskRefusal) -> Int {
        guard promptTokens < contextTokens else {
            throw TaskRefusal(
                .contextLengthExceeded,
                "the prompt has \(promptTokens) tokens and \(contextBound), with room for at least one token of the "
                    + "answer; shorten the prompt")
        }
        return min(contextTokens - promptTokens, TaskSubmission.Limits.generated)
    }

    /// What bounds prompts here, as a part of a sentence.
    var contextBound: String {
        let context = image.artefact.configuration.contextLength
        return context <= planner.positionCapacity
            ? "the model's context holds \(context)"
            : "this instance's memory holds \(planner.positionCapacity) of the model's context of \(context)"
    }

    private func enter(_ answer: AnswerInProgress) {
        let number = takeNumber()
        answers[number] = answer
        numbers[answer.task] = number
        // A continued answer may have been complete when the instance before was lost.
        if let reason = answer.reasonToEnd {
            endAnswer(number, reason)
        } else {
            planner.add(number, tokenCount: answer.tokens.count, nextIndex: answer.answerTokens)
        }
    }

    /// Ends an answer that the planner does not have, or no longer.
    func endAnswer(_ number: SequenceNumber, _ reason: FinishReason) {
        guard var answer = answers.removeValue(forKey: number) else { return }
        numbers[answer.task] = nil
        events.append(.finished(answer.task, answer.outcome(reason)))
    }

    /// Adds a sampled token to its answer and says whether the answer is over. A token that ends the text is not part
    /// of the answer: it is no event and is not counted.
    func take(
        _ token: Int32, _ logprob: SampledLogprob?, of number: SequenceNumber, at time: MonotonicTime
    ) -> FinishReason? {
        guard let task = answers[number]?.task, let keepsEnd = answers[number]?.sampling.ignoresEndOfSequence else {
            return nil
        }
        answers[number]?.noteSample(at: time)
        if !keepsEnd, image.tokenizer.endTokens.contains(token) { return .stop }
        // Changed in place: a copy of the answer would copy all its tokens with every new one.
        guard let generated = answers[number]?.append(token, logprob.map(described)) else { return nil }
        events.append(.token(task, generated))
        return answers[number]?.reasonToEnd
    }

    /// A logprob with the tokens' texts.
    private func described(_ logprob: SampledLogprob) -> TokenLogprob {
        TokenLogprob(chosen: described(logprob.chosen), top: logprob.top.map(described))
    }

    private func described(_ token: RankedToken) -> TokenLogprob.Candidate {
        let bytes = image.tokenizer.bytes(of: token.id)
        let shown = bytes.isEmpty ? image.tokenizer.text(of: token.id) : bytes
        return TokenLogprob.Candidate(
            id: token.id, logarithm: token.logarithm, bytes: Array(shown.prefix(FromInstance.Limits.likelyBytes)))
    }
}
