// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// An answer so far: its tokens, its text, and how the next token is chosen.
struct AnswerInProgress {
    let sampling: SamplingParameters
    /// The prompt and, after it, the answer so far.
    private(set) var tokens: [Int32]
    let promptTokens: Int
    /// The answer ends after this many tokens, those of earlier instances included.
    let maxTokens: Int
    var text: AnswerText
    private var plan: SamplingPlan

    private let acceptedAt: MonotonicTime
    private var firstTokenAt: MonotonicTime?
    private var lastTokenAt: MonotonicTime?

    /// An answer that begins, or goes on after `generated`, whose text went out before.
    init(
        sampling: SamplingParameters, prompt: [Int32], generated: [Int32], maxTokens: Int,
        text: AnswerText, endTokens: [Int32], at now: MonotonicTime
    ) {
        self.sampling = sampling
        tokens = prompt + generated
        promptTokens = prompt.count
        self.maxTokens = maxTokens
        self.text = text
        self.text.replay(generated)
        plan = SamplingPlan(
            sampling, adjustment: LogitAdjustment(sampling, prompt: prompt, answer: generated, endTokens: endTokens))
        acceptedAt = now
    }

    /// Tokens of the answer, which is also the next one's index. The token that ends a text is none of them.
    var answerTokens: Int { tokens.count - promptTokens }

    /// Why the answer is over after its newest token, if it is.
    var reasonToEnd: FinishReason? {
        if text.isStopped { return .stop }
        return answerTokens >= maxTokens ? .length : nil
    }

    /// How the next token is chosen: the counter is its index, so that any instance draws the same number.
    var samplingPlan: SamplingPlan {
        var plan = plan
        plan.index = UInt64(answerTokens)
        return plan
    }

    /// Notes a token that was sampled, also one that ends the text.
    mutating func noteSample(_ token: Int32, at now: MonotonicTime) {
        plan.adjustment?.note(token)
        if firstTokenAt == nil { firstTokenAt = now }
        lastTokenAt = now
    }

    /// Adds a sampled token to the answer and returns it with its text.
    mutating func append(_ token: Int32, _ logprob: TokenLogprob? = nil) -> GeneratedToken {
        let index = answerTokens
        tokens.append(token)
        var (said, extra) = text.append(token)
        if let logprob {
            extra = extra ?? TokenExtra()
            extra?.logprob = logprob
        }
        return GeneratedToken(index: index, id: token, text: said, extra: extra)
    }

    /// The end of the answer.
    mutating func outcome(_ reason: FinishReason) -> TaskOutcome {
        let (text, extra) = text.finish()
        // The last characters may complete a stop string that was thought to be unfinished.
        return TaskOutcome(
            reason: reason == .length && self.text.isStopped ? .stop : reason, text: text,
            extra: extra, completionTokens: answerTokens,
            prefillMicroseconds: firstTokenAt?.microseconds(since: acceptedAt) ?? 0,
            decodeMicroseconds: firstTokenAt.flatMap { lastTokenAt?.microseconds(since: $0) } ?? 0)
    }
}
