// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel
internal import Tokenization

/// Tokens sent back one by one: those of a prompt, or given ones with their text. No step is run for them.
extension Engine {
    /// Messages of a conversation whose tokens are counted one by one; rendering takes the square of their number.
    private static let countedMessages = 64

    func beginTokenization(_ submission: TaskSubmission, _ prompt: Prompt) throws(TaskRefusal) {
        var echo = TokenEcho(try prompts.tokens(of: prompt), image.tokenizer, showsControl: true)
        if case .chat(let conversation) = prompt, conversation.messages.count <= Self.countedMessages {
            echo.messageTokens = prompts.tokensOfMessages(conversation)
        }
        begin(echo, submission)
    }

    func beginDetokenization(_ submission: TaskSubmission, _ tokens: [Int32]) {
        begin(TokenEcho(tokens, image.tokenizer, showsControl: false), submission)
    }

    private func begin(_ echo: TokenEcho, _ submission: TaskSubmission) {
        let first = min(submission.delivered, echo.tokens.count)
        events.append(.accepted(submission.task, promptTokens: echo.tokens.count, firstIndex: first))
        echoes[submission.task] = echo
        echoes[submission.task]?.skip(to: first)
        continueEcho(submission.task, acknowledged: first)
    }

    /// Sends as many tokens as the reader's window has room for.
    func continueEcho(_ task: TaskID, acknowledged: Int) {
        while let token = echoes[task]?.next(before: acknowledged + limits.batch.unacknowledgedTokens) {
            events.append(.token(task, token))
        }
        guard echoes[task]?.isComplete == true, let echo = echoes.removeValue(forKey: task) else { return }
        events.append(.finished(task, echo.outcome(.stop)))
    }
}

/// Tokens on their way to a reader.
struct TokenEcho {
    let tokens: [Int32]
    var messageTokens: [Int]?
    private let tokenizer: Tokenizer
    private var detokenizer: IncrementalDetokenizer
    private let showsControl: Bool
    private var index = 0

    /// With `showsControl` the texts of control tokens are sent too.
    init(_ tokens: [Int32], _ tokenizer: Tokenizer, showsControl: Bool) {
        self.tokens = tokens
        self.tokenizer = tokenizer
        self.showsControl = showsControl
        detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
    }

    var isComplete: Bool { index == tokens.count }

    /// Passes over tokens that were sent before.
    mutating func skip(to first: Int) {
        while index < first, next(before: first) != nil {}
    }

    /// The next token; nil at the end and at the end of the window.
    mutating func next(before end: Int) -> GeneratedToken? {
        guard index < min(end, tokens.count) else { return nil }
        defer { index += 1 }
        let id = tokens[index]
        var text = detokenizer.append(id)
        if showsControl, tokenizer.bytes(of: id).isEmpty {
            text += detokenizer.flush() + tokenizer.text(of: id)
        }
        if index == tokens.count - 1 { text += detokenizer.flush() }
        let limit = FromInstance.Limits.tokenTextBytes
        return GeneratedToken(index: index, id: id, text: String(decoding: text.prefix(limit), as: UTF8.self))
    }

    func outcome(_ reason: FinishReason) -> TaskOutcome {
        TaskOutcome(
            reason: reason, text: "", completionTokens: index, prefillMicroseconds: 0, decodeMicroseconds: 0,
            messageTokens: messageTokens)
    }
}
