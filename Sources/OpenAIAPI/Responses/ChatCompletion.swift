// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The whole answer to a chat request that did not ask for a stream, as a client reads it. (The gateway writes it as a
/// `WholeAnswer`.)
package struct ChatCompletion: Hashable, Sendable, Decodable {
    /// One of the answers.
    package struct Choice: Hashable, Sendable, Decodable {
        /// The answer's number, from 0.
        package var index: Int
        /// What the assistant says.
        package var message: Message
        /// Why the answer ended; nil before its end.
        package var finishReason: String

        private enum CodingKeys: String, CodingKey {
            case index, message
            case finishReason = "finish_reason"
        }
    }

    /// What the assistant says.
    package struct Message: Hashable, Sendable, Decodable {
        /// Who speaks: always the assistant; nil in a part that says it no more.
        package var role: String
        /// nil where it only called tools.
        package var content: String?
        /// What the model thought before it answered; nil for nothing.
        package var reasoning: String?
        /// The tools that it called; nil for none.
        package var toolCalls: [CalledTool]?

        private enum CodingKeys: String, CodingKey {
            case role, content
            case reasoning = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    /// Names the answer.
    package var id: String
    /// OpenAI's word for the kind of object.
    package var object: String
    /// Seconds since 1970.
    package var created: Int
    /// Which model answered.
    package var model: ModelName
    /// By their indices.
    package var choices: [Choice]
    /// What it took, in tokens.
    package var usage: TokenUsage
}

/// A call in an answer, or a part of one in a streamed answer.
package struct CalledTool: Hashable, Sendable, Decodable {
    /// Which function is called, with what.
    package struct Function: Hashable, Sendable, Decodable {
        /// The function's name; nil in a part that goes on with the arguments.
        package var name: String?
        /// The arguments as the model wrote them, or more of them.
        package var arguments: String?
    }

    /// Which call of the answer it is; nil in a whole answer.
    package var index: Int?
    /// By which a result names the call; nil in a part that goes on with it.
    package var id: String?
    /// The function with its arguments.
    package var function: Function
}

/// One event of a streamed chat, as a client reads it. (The gateway writes it with `ChunkEncoder`.)
package struct ChatCompletionChunk: Hashable, Sendable, Decodable {
    /// What is new in the answer.
    package struct Delta: Hashable, Sendable, Decodable {
        /// Who speaks: always the assistant; nil in a part that says it no more.
        package var role: String?
        /// More of what is said.
        package var content: String?
        /// What the model thought before it answered; nil for nothing.
        package var reasoning: String?
        /// The tools that it called; nil for none.
        package var toolCalls: [CalledTool]?

        private enum CodingKeys: String, CodingKey {
            case role, content
            case reasoning = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    /// The part of one choice.
    package struct Choice: Hashable, Sendable, Decodable {
        /// The answer's number, from 0.
        package var index: Int
        /// What is new.
        package var delta: Delta
        /// Why the answer ended; nil before its end.
        package var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case index, delta
            case finishReason = "finish_reason"
        }
    }

    /// Names the answer.
    package var id: String
    /// By their indices.
    package var choices: [Choice]
    /// What it took, in tokens.
    package var usage: TokenUsage?
}
