// SPDX-License-Identifier: Apache-2.0

/// What a chat template is rendered with.
package struct ChatInput: Sendable {
    /// The conversation, oldest message first.
    package var messages: [TemplateMessage]
    /// Whether the text ends where the assistant's next answer begins.
    package var addsGenerationPrompt: Bool
    /// The text of the model's begin token; empty where it has none.
    package var beginText: String
    /// The text of the model's end token; empty where it has none.
    package var endText: String
    /// The tools that the model may call, as the JSON text of the list that the client sent; nil for none.
    package var tools: String?
    /// Further names that the template may use, `chat_template_kwargs` of the client, as the JSON text of an object.
    package var variables: String?
    /// The time that `strftime_now` tells, in seconds since 1970, UTC.
    package var moment: Int

    /// An input as given.
    package init(
        messages: [TemplateMessage], addsGenerationPrompt: Bool, beginText: String = "", endText: String = "",
        tools: String? = nil, variables: String? = nil, moment: Int = 0
    ) {
        self.messages = messages
        self.addsGenerationPrompt = addsGenerationPrompt
        self.beginText = beginText
        self.endText = endText
        self.tools = tools
        self.variables = variables
        self.moment = moment
    }
}
