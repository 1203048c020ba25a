// SPDX-License-Identifier: Apache-2.0
internal import ChatTemplates
internal import Glibc
internal import ServingModel
internal import Tokenization

/// Turns prompts into tokens, by the model's own template and tokenizer.
struct PromptEncoding {
    private let tokenizer: Tokenizer
    private let template: ChatTemplate?

    init(tokenizer: Tokenizer, template: ChatTemplate?) {
        self.tokenizer = tokenizer
        self.template = template
    }

    /// The tokens of a prompt that is to be continued, at least one, each within the vocabulary.
    func tokens(of prompt: Prompt) throws(TaskRefusal) -> [Int32] { try read(prompt).tokens }

    /// The tokens of a prompt that is only told: none of a text that is empty.
    func tokens(toTell prompt: Prompt) throws(TaskRefusal) -> [Int32] {
        guard case .text(let text, let parsesControlTokens) = prompt else { return try tokens(of: prompt) }
        guard !text.isEmpty else { return [] }
        return try known(tokens(ofText: text, control: parsesControlTokens ? .recognised : .asText))
    }

    /// The tokens of a prompt that is to be continued, and what its answer is looked through for.
    func read(_ prompt: Prompt) throws(TaskRefusal) -> (tokens: [Int32], format: AnswerFormat) {
        switch prompt {
        case .chat(let conversation):
            let segments = try rendered(conversation)
            let last = segments.last { !$0.bytes.isEmpty }
            let ending = last?.origin == .template ? last?.bytes ?? [] : []
            return (try checked(tokens(of: segments)), AnswerFormat(of: conversation, ending: ending))
        case .text(let text, let parsesControlTokens):
            return (
                try checked(tokens(ofText: text, control: parsesControlTokens ? .recognised : .asText)), .plain
            )
        case .tokens(let tokens): return (try checked(given: tokens), .plain)
        }
    }

    /// The tokens of a prompt that stands for itself, with what the model wants at its end.
    func tokens(ofWhole prompt: Prompt) throws(TaskRefusal) -> [Int32] {
        guard case .text(let text, let parsesControlTokens) = prompt else { return try tokens(of: prompt) }
        return try checked(
            tokenizer.encodeWhole(Array(text.utf8), control: parsesControlTokens ? .recognised : .asText))
    }

    /// How many tokens each message adds to the rendered conversation; -1 where the template refuses the conversation
    /// that ends with it.
    func tokensOfMessages(_ conversation: Conversation) -> [Int] {
        var counts: [Int] = []
        var before = 0
        var part = conversation
        part.addsGenerationPrompt = false
        for end in conversation.messages.indices {
            part.messages = Array(conversation.messages[...end])
            guard let count = try? tokens(of: rendered(part)).count else {
                counts.append(-1)
                continue
            }
            counts.append(max(0, count - before))
            before = count
        }
        return counts
    }

    private func checked(_ tokens: [Int32]) throws(TaskRefusal) -> [Int32] {
        guard !tokens.isEmpty else {
            throw TaskRefusal(.invalidRequest, "the prompt comes to no tokens; send some text")
        }
        return try known(tokens)
    }

    private func known(_ tokens: [Int32]) throws(TaskRefusal) -> [Int32] {
        guard tokens.allSatisfy(isKnown) else {
            throw TaskRefusal(.internalError, "the packed tokenizer makes tokens outside its vocabulary")
        }
        return tokens
    }

    private func checked(given tokens: [Int32]) throws(TaskRefusal) -> [Int32] {
        guard !tokens.isEmpty else { throw TaskRefusal(.invalidRequest, "the prompt has no tokens; send at least one") }
        if let foreign = tokens.first(where: { !isKnown($0) }) {
            throw TaskRefusal(
                .invalidRequest,
                "the prompt has token \(foreign); this model's tokens are 0 to \(tokenizer.vocabularySize - 1)")
        }
        return tokens
    }

    private func isKnown(_ token: Int32) -> Bool { token >= 0 && token < tokenizer.vocabularySize }

    private func tokens(ofText text: String, control: ControlTokens) -> [Int32] {
        let begin = tokenizer.addsBegin ? tokenizer.beginToken.map { [$0] } ?? [] : []
        return begin + tokenizer.encode(Array(text.utf8), control: control)
    }

    /// Control tokens are recognised in what the template wrote, never in what a message says.
    private func tokens(of segments: [RenderedSegment]) -> [Int32] {
        tokenizer.encode(
            segments.map { segment in
                TextPiece(bytes: segment.bytes, control: segment.origin == .template ? .recognised : .asText)
            })
    }

    private func rendered(_ conversation: Conversation) throws(TaskRefusal) -> [RenderedSegment] {
        guard let template else {
            throw TaskRefusal(
                .invalidRequest, "this model has no chat template; send a prompt for completion instead of messages")
        }
        let input = ChatInput(
            messages: conversation.messages.map(Self.message), addsGenerationPrompt: conversation.addsGenerationPrompt,
            beginText: text(of: tokenizer.beginToken), endText: text(of: tokenizer.endTokens.first),
            tools: conversation.tools, variables: conversation.variables, moment: conversation.moment)
        do throws(ChatTemplateError) {
            return try template.render(input, limits: RenderLimits())
        } catch {
            throw TaskRefusal(.invalidRequest, error.description)
        }
    }

    private static func message(_ message: ChatMessage) -> TemplateMessage {
        TemplateMessage(
            role: message.role, content: message.content, reasoning: message.reasoning,
            toolCalls: (message.toolCalls ?? []).map {
                TemplateToolCall(identifier: $0.identifier, name: $0.name, arguments: $0.arguments)
            },
            toolCallIdentifier: message.toolCallIdentifier, name: message.name)
    }

    private func text(of token: Int32?) -> String {
        token.map { String(decoding: tokenizer.text(of: $0), as: UTF8.self) } ?? ""
    }
}
