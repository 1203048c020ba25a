// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel
internal import Tokenization

/// Tokens told one by one: what a prompt comes to, or the text of tokens. Nothing is computed.
extension Engine {
    /// Messages of a conversation whose tokens are counted one by one; rendering takes the square of their number.
    private static let countedMessages = 64

    func beginTokenization(_ submission: TaskSubmission, _ prompt: Prompt) throws(TaskRefusal) {
        var recital = TokenEcho(try prompts.tokens(of: prompt), image.tokenizer, showsControl: true)
        if case .chat(let conversation) = prompt, conversation.messages.count <= Self.countedMessages {
            recital.messageTokens = prompts.tokensOfMessages(conversation)
        }
        begin(recital, submission)
    }

    func beginDetokenization(_ submission: TaskSubmission, _ tokens: [Int32]) {
        begin(TokenEcho(tokens, image.tokenizer, showsControl: false), submission)
    }

    private func begin(_ recital: TokenEcho, _ submission: TaskSubmission) {
        let first = min(submission.delivered, recital.tokens.count)
        events.append(.accepted(submission.task, promptTokens: recital.tokens.count, firstIndex: first))
        recitals[submission.task] = recital
        recitals[submission.task]?.skip(to: first)
        recite(submission.task, acknowledged: first)
    }

    /// Tells as many tokens as the reader's window has room for.
    func recite(_ task: TaskID, acknowledged: Int) {
        while let token = recitals[task]?.next(before: acknowledged + limits.batch.unacknowledgedTokens) {
            events.append(.token(task, token))
        }
        guard recitals[task]?.isComplete == true, let recital = recitals.removeValue(forKey: task) else { return }
        events.append(.finished(task, recital.outcome(.stop)))
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

    /// With `showsControl` the texts of control tokens are told too.
    init(_ tokens: [Int32], _ tokenizer: Tokenizer, showsControl: Bool) {
        self.tokens = tokens
        self.tokenizer = tokenizer
        self.showsControl = showsControl
        detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
    }

    var isComplete: Bool { index == tokens.count }

    /// Passes over tokens that were told before.
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
