// SPDX-License-Identifier: Apache-2.0
import Foundation
import ServingModel
import Testing

@testable import OpenAIAPI

@Suite("Streamed chunks")
struct ChunkEncoderTests {
    private let model = ModelName("org/m")

    private func encoder(_ kind: JobKind, usage: Bool = false) throws -> ChunkEncoder {
        ChunkEncoder(kind: kind, id: "x-1", created: 17, model: try #require(model), includesUsage: usage)
    }

    private func string(_ bytes: [UInt8]?) -> String {
        String(decoding: bytes ?? [], as: UTF8.self)
    }

    @Test("a chat's events are these bytes")
    func chat() throws {
        let encoder = try encoder(.chat)
        let head = #"data: {"id":"x-1","object":"chat.completion.chunk","created":17,"model":"org/m","choices":["#
        #expect(
            string(encoder.role())
                == head
                + #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#
                + "\n\n")
        #expect(
            string(encoder.text("a\"b\\c\n\u{1}é😀"))
                == head
                + #"{"index":0,"delta":{"content":"a\"b\\c\n\u0001é😀"},"logprobs":null,"finish_reason":null}]}"#
                + "\n\n")
        #expect(
            string(encoder.end(.length))
                == head + #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}]}"# + "\n\n")
    }

    @Test("a completion's events are these bytes")
    func completion() throws {
        let encoder = try encoder(.completion, usage: true)
        let head = #"data: {"id":"x-1","object":"text_completion","created":17,"model":"org/m","choices":["#
        #expect(encoder.role() == nil)
        #expect(
            string(encoder.text("hi"))
                == head + #"{"index":0,"text":"hi","logprobs":null,"finish_reason":null}],"usage":null}"# + "\n\n")
        #expect(
            string(encoder.usage(TokenUsage(promptTokens: 3, completionTokens: 4)))
                == head + #"],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"# + "\n\n")
    }

    @Test("every character survives the way to a JSON parser")
    func roundTrip() throws {
        let encoder = try encoder(.chat)
        let all = (0..<0x250).compactMap { Unicode.Scalar($0) }.map { String(Character($0)) }.joined() + "\u{2028}"
        let event = string(encoder.text(all))
        #expect(event.hasPrefix("data: ") && event.hasSuffix("\n\n"))
        #expect(!event.dropLast(2).contains("\n"))
        let chunk = try JSONDecoder().decode(ChatCompletionChunk.self, from: Data(event.dropFirst(6).utf8))
        #expect(chunk.choices.first?.delta.content == all)
    }
}
