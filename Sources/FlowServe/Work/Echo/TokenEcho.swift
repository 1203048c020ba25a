// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel
internal import Tokenization

/// Tokens on their way to a reader.
struct TokenEcho {
    let tokens: [Int32]
    var messageTokens: [Int]?
    /// How the tokens' texts are sent.
    private enum Sending {
        /// Each by itself, also that of the token that begins every text.
        case each(IncrementalDetokenizer)
        /// As the text that the tokens came from.
        case text(PromptDetokenizer)
    }

    private let tokenizer: Tokenizer
    private var sending: Sending
    private var index = 0

    /// Tokens whose texts are those of the single ones, or together the text that they came from.
    init(_ tokens: [Int32], _ tokenizer: Tokenizer, isText: Bool) {
        self.tokens = tokens
        self.tokenizer = tokenizer
        sending =
            isText ? .text(PromptDetokenizer(tokenizer)) : .each(IncrementalDetokenizer(tokenizer, startsText: true))
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
        let text = text(of: id, isLast: index == tokens.count - 1)
        let limit = FromInstance.Limits.tokenTextBytes
        return GeneratedToken(index: index, id: id, text: String(decoding: text.prefix(limit), as: UTF8.self))
    }

    private mutating func text(of token: Int32, isLast: Bool) -> [UInt8] {
        var text: [UInt8]
        switch sending {
        case .each(var detokenizer):
            text = detokenizer.append(token)
            if tokenizer.bytes(of: token).isEmpty { text += detokenizer.flush() + tokenizer.text(of: token) }
            if isLast { text += detokenizer.flush() }
            sending = .each(detokenizer)
        case .text(var detokenizer):
            text = detokenizer.append(token)
            if isLast { text += detokenizer.flush() }
            sending = .text(detokenizer)
        }
        return text
    }

    func outcome(_ reason: FinishReason) -> TaskOutcome {
        TaskOutcome(
            reason: reason, text: "", completionTokens: index, prefillMicroseconds: 0, decodeMicroseconds: 0,
            messageTokens: messageTokens)
    }
}
