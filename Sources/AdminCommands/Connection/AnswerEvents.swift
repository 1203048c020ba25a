// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

/// What one line of a streamed answer brings.
package struct ReceivedPart: Equatable, Sendable {
    package var text = ""
    /// What the model thought before it answered.
    package var reasoning = ""
    package var finishReason: String?
    package var promptTokens: Int?
    package var completionTokens: Int?
}

/// Reads server-sent events in OpenAI's form, of chats and of completions.
package enum AnswerEvents {
    private struct Chunk: Decodable {
        struct Choice: Decodable {
            struct Delta: Decodable {
                let content: String?
                let reasoning: String?

                enum CodingKeys: String, CodingKey {
                    case content
                    case reasoning = "reasoning_content"
                }
            }
            let delta: Delta?
            let text: String?
            let finishReason: String?

            enum CodingKeys: String, CodingKey {
                case delta, text
                case finishReason = "finish_reason"
            }
        }
        struct Usage: Decodable {
            let promptTokens: Int
            let completionTokens: Int

            enum CodingKeys: String, CodingKey {
                case promptTokens = "prompt_tokens"
                case completionTokens = "completion_tokens"
            }
        }
        struct Failure: Decodable {
            let message: String
            let code: String?
        }
        let choices: [Choice]?
        let usage: Usage?
        let error: Failure?
    }

    /// The part that a line carries; nil for comments, the final `[DONE]` and other fields of the protocol.
    ///
    /// - Throws: the server's words where the answer broke off (`tryAgain` where that may pass); `failed` where the line
    ///   is no event of ours.
    package static func part(of line: some Collection<UInt8>) throws(CommandError) -> ReceivedPart? {
        let text = String(decoding: line, as: UTF8.self)
        guard text.hasPrefix("data:") else { return nil }
        let payload = text.dropFirst("data:".count).drop { $0 == " " }
        let json = payload.hasSuffix("\r") ? payload.dropLast() : payload
        if json == "[DONE]" { return nil }
        guard let chunk = try? JSONDecoder().decode(Chunk.self, from: Data(json.utf8)) else {
            throw .failed("the server sent an event that this command does not understand: \(json.prefix(200))")
        }
        if let error = chunk.error { throw .fromServer(status: nil, code: error.code, message: error.message) }
        var part = ReceivedPart()
        if let choice = chunk.choices?.first {
            part.text = choice.delta?.content ?? choice.text ?? ""
            part.reasoning = choice.delta?.reasoning ?? ""
            part.finishReason = choice.finishReason
        }
        part.promptTokens = chunk.usage?.promptTokens
        part.completionTokens = chunk.usage?.completionTokens
        return part
    }
}
