// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The whole answer to a chat request that did not ask for a stream, as a client reads it. (The gateway writes it as a
/// `WholeAnswer`.)
package struct ChatCompletion: Hashable, Sendable, Decodable {
    package struct Choice: Hashable, Sendable, Decodable {
        package var index: Int
        package var message: Message
        package var finishReason: String

        private enum CodingKeys: String, CodingKey {
            case index, message
            case finishReason = "finish_reason"
        }
    }

    /// What the assistant says.
    package struct Message: Hashable, Sendable, Decodable {
        package var role: String
        /// nil where it only called tools.
        package var content: String?
        package var reasoning: String?
        package var toolCalls: [CalledTool]?

        private enum CodingKeys: String, CodingKey {
            case role, content
            case reasoning = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    package var id: String
    package var object: String
    /// Seconds since 1970.
    package var created: Int
    package var model: ModelName
    package var choices: [Choice]
    package var usage: TokenUsage
}

/// A call in an answer, or a part of one in a streamed answer.
package struct CalledTool: Hashable, Sendable, Decodable {
    package struct Function: Hashable, Sendable, Decodable {
        package var name: String?
        package var arguments: String?
    }

    package var index: Int?
    package var id: String?
    package var function: Function
}

/// One event of a streamed chat, as a client reads it. (The gateway writes it with `ChunkEncoder`.)
package struct ChatCompletionChunk: Hashable, Sendable, Decodable {
    /// What is new in the answer.
    package struct Delta: Hashable, Sendable, Decodable {
        package var role: String?
        package var content: String?
        package var reasoning: String?
        package var toolCalls: [CalledTool]?

        private enum CodingKeys: String, CodingKey {
            case role, content
            case reasoning = "reasoning_content"
            case toolCalls = "tool_calls"
        }
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
