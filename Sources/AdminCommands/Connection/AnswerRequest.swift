// SPDX-License-Identifier: Apache-2.0

/// The body of a streamed request for an answer, in OpenAI's form: `messages` for a chat, `prompt` for a completion.
package struct AnswerRequest: Encodable, Equatable, Sendable {
    /// One turn of the conversation.
    package struct Turn: Encodable, Equatable, Sendable {
        package var role: String
        package var content: String

        package init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    private struct StreamOptions: Encodable, Equatable {
        let includeUsage = true

        enum CodingKeys: String, CodingKey {
            case includeUsage = "include_usage"
        }
    }

    package var model: String
    package var messages: [Turn]?
    package var prompt: String?
    package var maximumTokens: Int?
    package var temperature: Double?
    package var topK: Int?
    package var seed: UInt64?
    package var stop: [String]?
    package var ignoresEndOfSequence: Bool?
    private let stream = true
    private let streamOptions = StreamOptions()

    enum CodingKeys: String, CodingKey {
        case model, messages, prompt, temperature, seed, stop, stream
        case maximumTokens = "max_tokens"
        case topK = "top_k"
        case ignoresEndOfSequence = "ignore_eos"
        case streamOptions = "stream_options"
    }

    package init(model: String) {
        self.model = model
    }
}
