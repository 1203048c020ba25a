// SPDX-License-Identifier: Apache-2.0

/// One turn of a conversation, as text. Rendering it is the instance's work: nothing of a checkpoint runs in a daemon.
package struct ChatMessage: Hashable, Sendable, Codable {
    /// `system`, `user`, `assistant` or `tool`; the model's template decides what it accepts.
    package var role: String
    /// nil where an assistant only called tools.
    package var content: String?
    /// What an assistant thought before it answered.
    package var reasoning: String?
    /// The tools that an assistant called; nil for none.
    package var toolCalls: [ToolCall]?
    /// Which call a tool's message answers.
    package var toolCallIdentifier: String?
    /// The speaker's name or, in a tool's message, the tool's.
    package var name: String?

    package init(
        role: String, content: String?, reasoning: String? = nil, toolCalls: [ToolCall]? = nil,
        toolCallIdentifier: String? = nil, name: String? = nil
    ) {
        self.role = role
        self.content = content
        self.reasoning = reasoning
        self.toolCalls = toolCalls
        self.toolCallIdentifier = toolCallIdentifier
        self.name = name
    }

    /// Bytes of all its texts.
    package var byteCount: Int {
        let texts = [role, content, reasoning, toolCallIdentifier, name]
        return texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
            + (toolCalls ?? []).reduce(0) {
                $0 + $1.identifier.utf8.count + $1.name.utf8.count + $1.arguments.utf8.count
            }
    }
}

/// A call of a tool by an assistant.
package struct ToolCall: Hashable, Sendable, Codable {
    /// By which the result's message names the call.
    package var identifier: String
    /// The function's.
    package var name: String
    /// What the model wrote for arguments: the JSON text of an object, or what a model took for one.
    package var arguments: String

    package init(identifier: String, name: String, arguments: String) {
        self.identifier = identifier
        self.name = name
        self.arguments = arguments
    }
}

/// A conversation with everything that a chat template is rendered with.
package struct Conversation: Hashable, Sendable, Codable {
    /// Oldest first.
    package var messages: [ChatMessage]
    /// The JSON text of the list of tools that the model may call, as the client wrote it; nil where none are offered.
    package var tools: String?
    /// The JSON text of an object of further names that the template may read (`chat_template_kwargs`).
    package var variables: String?
    /// Whether the text ends where the assistant's next answer begins.
    package var addsGenerationPrompt: Bool
    /// The time that the template may tell, in seconds since 1970: set once, so that an answer that goes on elsewhere goes
    /// on from the same prompt.
    package var moment: Int

    package init(
        _ messages: [ChatMessage], tools: String? = nil, variables: String? = nil, addsGenerationPrompt: Bool = true,
        moment: Int = 0
    ) {
        self.messages = messages
        self.tools = tools
        self.variables = variables
        self.addsGenerationPrompt = addsGenerationPrompt
        self.moment = moment
    }

    /// Bytes of all its texts.
    package var byteCount: Int {
        messages.reduce((tools?.utf8.count ?? 0) + (variables?.utf8.count ?? 0)) { $0 + $1.byteCount }
    }
}

/// What the model is asked to read.
package enum Prompt: Hashable, Sendable, Codable {
    /// A conversation for the model's chat template.
    case chat(Conversation)
    /// Text as it stands; control tokens in it are recognised only with `parsesControlTokens`.
    case text(String, parsesControlTokens: Bool)
    /// Tokens as they stand, of the model's own vocabulary.
    case tokens([Int32])

    /// The same with the time that a conversation's template may tell.
    package func dated(_ moment: Int) -> Prompt {
        guard case .chat(var conversation) = self else { return self }
        conversation.moment = moment
        return .chat(conversation)
    }

    /// Bytes of text that the client sent: the measure of limits and of estimates before tokenization. A token counts as
    /// four.
    package var byteCount: Int {
        switch self {
        case .chat(let conversation): conversation.byteCount
        case .text(let text, _): text.utf8.count
        case .tokens(let tokens): 4 * tokens.count
        }
    }
}
