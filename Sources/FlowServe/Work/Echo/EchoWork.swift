// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Tokens sent back one by one: those of a prompt, or given ones with their text. No step is run for them.
final class EchoWork: EngineWork {
    /// Messages of a conversation whose tokens are counted one by one; rendering takes the square of their number.
    private static let countedMessages = 64

    let task: TaskID
    private let first: Int
    private var echo: TokenEcho

    /// The tokens of a prompt.
    init(tokenizing prompt: Prompt, _ submission: TaskSubmission, in context: WorkContext) throws(TaskRefusal) {
        try SubmissionRules.check(prompt, mayBeEmpty: true)
        task = submission.task
        echo = TokenEcho(try context.prompts.tokens(toTell: prompt), context.image.tokenizer, isText: false)
        if case .chat(let conversation) = prompt, conversation.messages.count <= Self.countedMessages {
            echo.messageTokens = context.prompts.tokensOfMessages(conversation)
        }
        first = min(submission.delivered, echo.tokens.count)
    }

    /// The text of tokens.
    init(detokenizing tokens: [Int32], _ submission: TaskSubmission, in context: WorkContext) throws(TaskRefusal) {
        let vocabularySize = context.configuration.vocabularySize
        if let stranger = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
            throw TaskRefusal(
                .invalidRequest, "'tokens' holds \(stranger); this model's are 0 to \(vocabularySize - 1)")
        }
        task = submission.task
        echo = TokenEcho(tokens, context.image.tokenizer, isText: true)
        first = min(submission.delivered, echo.tokens.count)
    }

    func begin(in context: WorkContext) {
        context.send(.accepted(task, promptTokens: echo.tokens.count, firstIndex: first))
        echo.skip(to: first)
        acknowledge(first, in: context)
    }

    /// Sends as many tokens as the reader's window has room for.
    func acknowledge(_ index: Int, in context: WorkContext) {
        while let token = echo.next(before: index + context.limits.batch.unacknowledgedTokens) {
            context.send(.token(task, token))
        }
        if echo.isComplete { context.finish(self, .stop) }
    }

    func outcome(_ reason: FinishReason, at time: MonotonicTime) -> TaskOutcome { echo.outcome(reason) }
}
