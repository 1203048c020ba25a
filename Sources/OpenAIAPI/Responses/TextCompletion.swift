// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to a completion request, whole, or one event of a streamed one, as a client reads it. (The gateway writes
/// it as a `WholeAnswer` or with `ChunkEncoder`.)
package struct TextCompletion: Hashable, Sendable, Decodable {
    package struct Choice: Hashable, Sendable, Decodable {
        package var index: Int
        package var text: String
        package var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case index, text
            case finishReason = "finish_reason"
        }
    }

    package var id: String
    package var object: String
    /// Seconds since 1970.
    package var created: Int
    package var model: ModelName
    package var choices: [Choice]
    package var usage: TokenUsage?
}
