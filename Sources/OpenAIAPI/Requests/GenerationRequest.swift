// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a client asked for, checked: the same value for chats and completions.
package struct GenerationRequest: Hashable, Sendable {
    package var kind: JobKind
    package var model: ModelName
    package var prompt: Prompt
    /// 0...2; 1 where the client named none, as with OpenAI.
    package var temperature: Float
    /// 0 means all tokens take part.
    package var topK: Int
    /// nil where the client left the choice to us.
    package var seed: UInt64?
    package var maximumTokens: Int?
    package var stop: [String]
    package var ignoresEndOfSequence: Bool
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
        package static let messages = 2048
        package static let contentParts = 2048
        package static let roleBytes = 32
        package static let maximumTokens = 1 << 20
        package static let topK = 1 << 20
    }

    /// The sampling parameters, with `drawnSeed` where the client gave none.
    package func sampling(drawnSeed: @autoclosure () -> UInt64) -> SamplingParameters {
        SamplingParameters(
            temperature: temperature, topK: topK, seed: seed ?? drawnSeed(), maximumTokens: maximumTokens, stop: stop,
            ignoresEndOfSequence: ignoresEndOfSequence)
    }
}
