// SPDX-License-Identifier: Apache-2.0

/// One turn of a conversation, as text. Rendering it is the instance's work: nothing of a checkpoint runs in a daemon.
package struct ChatMessage: Hashable, Sendable, Codable {
    /// `system`, `user`, `assistant` or `tool`; the model's template decides what it accepts.
    package var role: String
    package var content: String

    package init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// What the model is asked to continue.
package enum Prompt: Hashable, Sendable, Codable {
    /// A conversation for the model's chat template, which adds the opening of the assistant's turn.
    case chat([ChatMessage])
    /// Text as it stands; control tokens in it are recognised only with `parsesControlTokens`.
    case text(String, parsesControlTokens: Bool)

    /// Bytes of text that the client sent: the measure of limits and of estimates before tokenization.
    package var byteCount: Int {
        switch self {
        case .chat(let messages): messages.reduce(0) { $0 + $1.role.utf8.count + $1.content.utf8.count }
        case .text(let text, _): text.utf8.count
        }
    }
}
