// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to a completion request, whole; also the form of one event of a streamed one.
package struct TextCompletion: Hashable, Sendable, Codable {
    /// One continuation; there is at most one.
    package struct Choice: Hashable, Sendable, Codable {
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

    package init(id: String, created: Int, model: ModelName, text: String, reason: FinishReason, usage: TokenUsage) {
        self.id = id
        self.object = "text_completion"
        self.created = created
        self.model = model
        self.choices = [Choice(index: 0, text: text, finishReason: reason.wireName)]
        self.usage = usage
    }
}
