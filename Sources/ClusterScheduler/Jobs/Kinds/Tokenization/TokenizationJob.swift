// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The tokens of a text or a conversation, or the text of tokens, as the model itself reads and writes them.
package struct TokenizationJob: JobPlan {
    package var work: TaskWork

    /// The tokens of `prompt`.
    package init(tokensOf prompt: Prompt) {
        work = .tokenization(prompt)
    }

    /// The text of `tokens`.
    package init(textOf tokens: [Int32]) {
        work = .detokenization(tokens)
    }

    package var kind: JobKind { .tokenization }
}
