// SPDX-License-Identifier: Apache-2.0

/// What a request took, in tokens.
package struct TokenUsage: Hashable, Sendable, Codable {
    /// Tokens that the model read.
    package var promptTokens: Int
    /// Tokens that it wrote.
    package var completionTokens: Int
    /// Both together.
    package var totalTokens: Int

    /// Counts as given, and their sum.
    package init(promptTokens: Int, completionTokens: Int) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.totalTokens = promptTokens + completionTokens
    }

    private enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
    }
}
