// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The whole answer to a chat request that did not ask for a stream.
package struct ChatCompletion: Hashable, Sendable, Codable {
    /// One answer; there is always exactly one.
    package struct Choice: Hashable, Sendable, Codable {
        package var index: Int
        package var message: Message
        package var finishReason: String

        private enum CodingKeys: String, CodingKey {
            case index, message
            case finishReason = "finish_reason"
        }
    }

    /// What the assistant says.
    package struct Message: Hashable, Sendable, Codable {
        package var role: String
        package var content: String

        package init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    package var id: String
    package var object: String
    /// Seconds since 1970.
    package var created: Int
    package var model: ModelName
    package var choices: [Choice]
    package var usage: TokenUsage

    package init(id: String, created: Int, model: ModelName, text: String, reason: FinishReason, usage: TokenUsage) {
        self.id = id
        self.object = "chat.completion"
        self.created = created
        self.model = model
        self.choices = [
            Choice(
                index: 0, message: Message(role: "assistant", content: text), finishReason: reason.wireName)
        ]
        self.usage = usage
    }
}

/// One event of a streamed chat, as a client reads it. (The gateway writes it with `ChunkEncoder`.)
package struct ChatCompletionChunk: Hashable, Sendable, Decodable {
    /// What is new in the answer.
    package struct Delta: Hashable, Sendable, Decodable {
        package var role: String?
        package var content: String?
    }

    /// The part of one choice.
    package struct Choice: Hashable, Sendable, Decodable {
        package var index: Int
        package var delta: Delta
        package var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case index, delta
            case finishReason = "finish_reason"
        }
    }

    package var id: String
    package var choices: [Choice]
    package var usage: TokenUsage?
}
