// SPDX-License-Identifier: Apache-2.0

/// One message of a conversation. Everything in it is text to the model, never a control token, whatever it holds.
package struct TemplateMessage: Sendable, Equatable {
    /// Who speaks: `system`, `user`, `assistant`, `tool`, or what else the model knows.
    package var role: String
    /// What was said; nil where an assistant only called tools. Parts of other media are refused before this point.
    package var content: String?
    /// What an assistant thought before it answered. Templates know it as `reasoning_content`, `reasoning` or
    /// `thinking`.
    package var reasoning: String?
    /// The tools that an assistant called, in order.
    package var toolCalls: [TemplateToolCall]
    /// Which call a `tool` message answers.
    package var toolCallIdentifier: String?
    /// The name of the speaker or, in a `tool` message, of the tool.
    package var name: String?

    /// A message as given.
    package init(
        role: String, content: String?, reasoning: String? = nil, toolCalls: [TemplateToolCall] = [],
        toolCallIdentifier: String? = nil, name: String? = nil
    ) {
        self.role = role
        self.content = content
        self.reasoning = reasoning
        self.toolCalls = toolCalls
        self.toolCallIdentifier = toolCallIdentifier
        self.name = name
    }
}

/// A call of a tool by an assistant.
package struct TemplateToolCall: Sendable, Equatable {
    /// By which the result's message names the call.
    package var identifier: String
    /// The function.
    package var name: String
    /// What the model wrote for the function's arguments: a JSON text of an object, or what a model took for one.
    package var arguments: String

    /// A call as given.
    package init(identifier: String, name: String, arguments: String) {
        self.identifier = identifier
        self.name = name
        self.arguments = arguments
    }
}
