// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to a completion request, whole, or one event of a streamed one, as a client reads it. (The gateway writes
/// it as a `WholeAnswer` or with `ChunkEncoder`.)
package struct TextCompletion: Hashable, Sendable, Decodable {
    /// One of the answers, or a part of one.
    package struct Choice: Hashable, Sendable, Decodable {
        /// The answer's number, from 0.
        package var index: Int
        /// What the model wrote.
        package var text: String
        /// Why the answer ended; nil before its end.
        package var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case index, text
            case finishReason = "finish_reason"
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
    /// What it took, in tokens; nil in an event without it.
    package var usage: TokenUsage?
}
