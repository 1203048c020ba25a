// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a client asked for, checked: the same value for chats and completions.
package struct GenerationRequest: Hashable, Sendable {
    /// A chat or a completion.
    package var kind: JobKind
    /// Which model is asked.
    package var model: ModelName
    /// One for a chat; a completion may ask for several at once.
    package var prompts: [Prompt]
    /// With seed 0; see `seed`.
    package var sampling: SamplingParameters
    /// What of `sampling` the client asked for and did not leave to the model.
    package var asked = SamplingDefaults()
    /// nil where the client left the choice to us.
    package var seed: UInt64?
    /// Answers to each prompt.
    package var choicesPerPrompt = 1
    /// The answer's text begins with the prompt's.
    package var echoes = false
    /// Server-sent events instead of one answer.
    package var streams: Bool
    /// A last event with the counts.
    package var includesUsage: Bool

    /// Bounds on what one request may hold. All lie below what an instance accepts.
    package enum Limits {
        /// Of the HTTP body.
        package static let bodyBytes = 8 << 20
        /// Of all text of the prompt together.
        package static let promptBytes = 3 << 20
        /// Of a conversation.
        package static let messages = 2048
        /// Of one message.
        package static let contentParts = 2048
        /// Of a message's role.
        package static let roleBytes = 32
        /// Of an answer.
        package static let maximumTokens = 1 << 20
        /// Tokens that an answer may be limited to.
        package static let topK = 1 << 20
        /// Tools that are offered, and calls of one message.
        package static let toolCalls = 128
        /// Prompts of one request, and answers to one prompt.
        package static let prompts = 64
        /// Answers to one prompt.
        package static let choicesPerPrompt = 16
        /// Answers of one request.
        package static let choices = 64
    }

    /// Answers of the request.
    package var choiceCount: Int { prompts.count * choicesPerPrompt }

    /// The prompt of a choice: those to the first prompt come first.
    package func prompt(ofChoice choice: Int) -> Prompt { prompts[choice / choicesPerPrompt] }

    /// The sampling parameters of a choice: with `defaults` where the client asked for nothing, from `drawnSeed` where it
    /// gave no seed. Choices have neighbouring seeds.
    package func sampling(
        ofChoice choice: Int, drawnSeed: UInt64, defaults: SamplingDefaults = SamplingDefaults()
    ) -> SamplingParameters {
        var sampling = sampling.filled(from: defaults, asked: asked)
        sampling.seed = (seed ?? drawnSeed) &+ UInt64(choice)
        return sampling
    }

    /// The text that a choice begins with.
    package func echo(ofChoice choice: Int) -> String {
        guard echoes, case .text(let text, _) = prompt(ofChoice: choice) else { return "" }
        return text
    }
}
