// SPDX-License-Identifier: Apache-2.0

/// One message of a conversation.
package struct ChatMessage: Sendable, Equatable {
    /// Who speaks: `system`, `user`, `assistant`, `tool`, or what else the model knows.
    package let role: String
    /// What was said. Never recognised as control tokens, whatever it holds.
    package let content: String

    /// A message as given.
    package init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// What a chat template is rendered with.
package struct ChatInput: Sendable {
    /// The conversation, oldest message first.
    package var messages: [ChatMessage]
    /// Whether the text ends where the assistant's next answer begins.
    package var addsGenerationPrompt: Bool
    /// The text of the model's begin token; empty where it has none.
    package var beginText: String
    /// The text of the model's end token; empty where it has none.
    package var endText: String

    /// An input as given.
    package init(messages: [ChatMessage], addsGenerationPrompt: Bool, beginText: String = "", endText: String = "") {
        self.messages = messages
        self.addsGenerationPrompt = addsGenerationPrompt
        self.beginText = beginText
        self.endText = endText
    }
}

/// Who wrote a part of a rendered text.
package enum TextOrigin: Sendable, Equatable {
    /// The model's template: control tokens count.
    case template
    /// A message: everything is text.
    case data
}

/// A part of a rendered text by one author. Neighbours have different authors.
package struct RenderedSegment: Sendable, Equatable {
    /// Who wrote it.
    package let origin: TextOrigin
    /// UTF-8, never empty.
    package let bytes: [UInt8]

    /// A part as given.
    package init(origin: TextOrigin, bytes: [UInt8]) {
        self.origin = origin
        self.bytes = bytes
    }
}

/// What one rendering may take; a template comes from a stranger.
package struct RenderLimits: Sendable {
    /// Evaluated parts, with large texts counted by their size.
    package var steps: Int
    /// Bytes of the rendered text, and of any text on the way.
    package var outputBytes: Int

    /// Limits as given; the defaults suit every template in use.
    package init(steps: Int = 2_000_000, outputBytes: Int = 1 << 24) {
        self.steps = steps
        self.outputBytes = outputBytes
    }
}
