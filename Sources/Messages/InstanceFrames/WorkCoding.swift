// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// How work and prompts lie in a frame.
private enum Form {
    enum Work: UInt8 { case answer, embedding, tokenization, detokenization }
    enum Prompt: UInt8 { case chat, text, textWithControlTokens, tokens }
}

extension FrameWriter {
    /// A 32-bit count and the tokens.
    mutating func put(tokens: [Int32]) {
        put(UInt32(tokens.count))
        for token in tokens { put(token) }
    }

    mutating func put(_ work: TaskWork) {
        switch work {
        case .answer(let prompt, let sampling):
            put(Form.Work.answer.rawValue)
            put(sampling)
            put(prompt)
        case .embedding(let prompts, let parameters):
            put(Form.Work.embedding.rawValue)
            put(UInt8(parameters.pooling.flatMap { EmbeddingParameters.Pooling.allCases.firstIndex(of: $0) } ?? 255))
            put(UInt32(clamping: parameters.dimensions ?? Int(UInt32.max)))
            put(UInt32(prompts.count))
            for prompt in prompts { put(prompt) }
        case .tokenization(let prompt):
            put(Form.Work.tokenization.rawValue)
            put(prompt)
        case .detokenization(let tokens):
            put(Form.Work.detokenization.rawValue)
            put(tokens: tokens)
        }
    }

    private mutating func put(_ prompt: Prompt) {
        switch prompt {
        case .chat(let conversation):
            put(Form.Prompt.chat.rawValue)
            put(UInt8(conversation.addsGenerationPrompt ? 1 : 0))
            put(Int64(conversation.moment))
            put(optional: conversation.tools)
            put(optional: conversation.variables)
            put(UInt32(conversation.messages.count))
            for message in conversation.messages { put(message) }
        case .text(let text, let parsesControlTokens):
            put((parsesControlTokens ? Form.Prompt.textWithControlTokens : .text).rawValue)
            put(text)
        case .tokens(let tokens):
            put(Form.Prompt.tokens.rawValue)
            put(tokens: tokens)
        }
    }

    private mutating func put(_ message: ChatMessage) {
        put(message.role)
        for text in [message.content, message.reasoning, message.toolCallIdentifier, message.name] {
            put(optional: text)
        }
        put(UInt8(message.toolCalls == nil ? 0 : 1))
        put(UInt32(message.toolCalls?.count ?? 0))
        for call in message.toolCalls ?? [] {
            put(call.identifier)
            put(call.name)
            put(call.arguments)
        }
    }

    /// A byte that says whether there is a text, then the text.
    private mutating func put(optional text: String?) {
        put(UInt8(text == nil ? 0 : 1))
        if let text { put(text) }
    }
}

extension FrameReader {
    /// Tokens with their count before them, at most `limit`.
    mutating func takeTokens(_ field: String, limit: Int) throws(FrameError) -> [Int32] {
        var tokens: [Int32] = []
        for _ in 0..<(try takeCount(field, limit: limit)) { tokens.append(try take(field)) }
        return tokens
    }

    mutating func takeWork() throws(FrameError) -> TaskWork {
        guard let form = Form.Work(rawValue: try take("work")) else { throw .outOfRange(field: "work") }
        switch form {
        case .answer:
            let sampling = try takeSampling()
            return .answer(try takePrompt(), sampling)
        case .embedding: return try takeEmbedding()
        case .tokenization: return .tokenization(try takePrompt())
        case .detokenization:
            return .detokenization(try takeTokens("tokens", limit: TaskSubmission.Limits.promptTokens))
        }
    }

    private mutating func takeEmbedding() throws(FrameError) -> TaskWork {
        let poolings = EmbeddingParameters.Pooling.allCases
        let pooling = Int(try take(UInt8.self, "pooling"))
        guard pooling == 255 || pooling < poolings.count else { throw .outOfRange(field: "pooling") }
        let dimensions = try take(UInt32.self, "dimensions")
        var prompts: [Prompt] = []
        for _ in 0..<(try takeCount("inputs", limit: EmbeddingParameters.Limits.inputs)) {
            prompts.append(try takePrompt())
        }
        return .embedding(
            prompts,
            EmbeddingParameters(
                pooling: pooling == 255 ? nil : poolings[pooling],
                dimensions: dimensions == UInt32.max ? nil : Int(dimensions)))
    }

    private mutating func takePrompt() throws(FrameError) -> Prompt {
        guard let form = Form.Prompt(rawValue: try take("prompt form")) else {
            throw .outOfRange(field: "prompt form")
        }
        let limits = TaskSubmission.Limits.self
        switch form {
        case .chat: return .chat(try takeConversation())
        case .text, .textWithControlTokens:
            return .text(
                try takeText("prompt", limit: limits.byteCount), parsesControlTokens: form == .textWithControlTokens)
        case .tokens: return .tokens(try takeTokens("prompt tokens", limit: limits.promptTokens))
        }
    }

    private mutating func takeConversation() throws(FrameError) -> Conversation {
        let addsGenerationPrompt = try takeTruth("generation prompt")
        let moment = Int(try take(Int64.self, "moment"))
        let tools = try takeOptionalText("tools")
        let variables = try takeOptionalText("variables")
        var messages: [ChatMessage] = []
        for _ in 0..<(try takeCount("messages", limit: TaskSubmission.Limits.messages)) {
            messages.append(try takeMessage())
        }
        return Conversation(
            messages, tools: tools, variables: variables, addsGenerationPrompt: addsGenerationPrompt, moment: moment)
    }

    private mutating func takeMessage() throws(FrameError) -> ChatMessage {
        let role = try takeText("role", limit: 64)
        let content = try takeOptionalText("content")
        let reasoning = try takeOptionalText("reasoning")
        let identifier = try takeOptionalText("tool call id")
        let name = try takeOptionalText("name")
        let hasCalls = try takeTruth("has tool calls")
        var calls: [ToolCall] = []
        for _ in 0..<(try takeCount("tool calls", limit: TaskSubmission.Limits.toolCalls)) {
            let identifier = try takeText("tool call id", limit: TaskSubmission.Limits.byteCount)
            let name = try takeText("tool name", limit: TaskSubmission.Limits.byteCount)
            let arguments = try takeText("tool arguments", limit: TaskSubmission.Limits.byteCount)
            calls.append(ToolCall(identifier: identifier, name: name, arguments: arguments))
        }
        return ChatMessage(
            role: role, content: content, reasoning: reasoning, toolCalls: hasCalls ? calls : nil,
            toolCallIdentifier: identifier, name: name)
    }

    private mutating func takeOptionalText(_ field: String) throws(FrameError) -> String? {
        try takeTruth(field) ? try takeText(field, limit: TaskSubmission.Limits.byteCount) : nil
    }

    /// One byte, 0 or 1.
    mutating func takeTruth(_ field: String) throws(FrameError) -> Bool {
        let byte = try take(UInt8.self, field)
        guard byte <= 1 else { throw .outOfRange(field: field) }
        return byte == 1
    }
}
