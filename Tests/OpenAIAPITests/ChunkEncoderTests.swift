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

    /// What `append` adds to a text.
    private func string(_ append: (inout JSONText) -> Void) -> String {
        var text = JSONText()
        append(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private func part(_ text: String, _ reason: FinishReason? = nil) -> ChoicePart {
        var part = ChoicePart(index: 0, job: JobID(rawValue: 1))
        part.text = text
        part.reason = reason
        return part
    }

    @Test("reasoning, calls and logprobs have their places in a chat's event")
    func extras() throws {
        let likely = TokenLogprob.Candidate(id: 3, logarithm: -0.5, bytes: [0x61, 0xC3])
        var part = ChoicePart(index: 2, job: JobID(rawValue: 1))
        part.add(
            GeneratedToken(
                index: 0, id: 3, text: "",
                extra: TokenExtra(
                    reasoning: "hm", calls: [ToolCallPiece(call: 0, name: "f", arguments: "{")],
                    logprob: TokenLogprob(chosen: likely, top: [likely]))))
        part.add(TokenExtra(calls: [ToolCallPiece(call: 0, arguments: "}")]))
        part.reason = .stop
        let id = ChoicePart.identifier(ofCall: 0, in: JobID(rawValue: 1))
        #expect(id.utf8.count == 9)
        let (chats, completions) = (try encoder(.chat), try encoder(.completion))
        let chat = string { chats.append(part, to: &$0) }
        let completion = string { completions.append(part, to: &$0) }
        let token = #""token":"a�","logprob":-0.5,"bytes":[97,195]"#
        #expect(
            chat.hasSuffix(
                #"[{"index":2,"delta":{"reasoning_content":"hm","tool_calls":[{"index":0,"id":"\#(id)","#
                    + #""type":"function","function":{"name":"f","arguments":"{}"}}]},"#
                    + #""logprobs":{"content":[{\#(token),"top_logprobs":[{\#(token)}]}],"refusal":null},"#
                    + #""finish_reason":"tool_calls"}]}"# + "\n\n"))
        #expect(
            completion.contains(
                #""logprobs":{"tokens":["a�"],"token_logprobs":[-0.5],"top_logprobs":[{"a�":-0.5}],"text_offset":[0]}"#)
        )
    }

    @Test("a chat's events are these bytes")
    func chat() throws {
        let encoder = try encoder(.chat)
        let head = #"data: {"id":"x-1","object":"chat.completion.chunk","created":17,"model":"org/m","choices":["#
        #expect(
            string { encoder.appendRole(ofChoice: 0, to: &$0) }
                == head
                + #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#
                + "\n\n")
        #expect(
            string { encoder.append(part("a\"b\\c\n\u{1}é😀"), to: &$0) }
                == head
                + #"{"index":0,"delta":{"content":"a\"b\\c\n\u0001é😀"},"logprobs":null,"finish_reason":null}]}"#
                + "\n\n")
        #expect(
            string { encoder.append(part("", .length), to: &$0) }
                == head + #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}]}"# + "\n\n")
    }

    @Test("a completion's events are these bytes")
    func completion() throws {
        let encoder = try encoder(.completion, usage: true)
        let head = #"data: {"id":"x-1","object":"text_completion","created":17,"model":"org/m","choices":["#
        #expect(string { encoder.appendRole(ofChoice: 0, to: &$0) } == "")
        #expect(
            string { encoder.append(part("hi"), to: &$0) }
                == head + #"{"index":0,"text":"hi","logprobs":null,"finish_reason":null}],"usage":null}"# + "\n\n")
        #expect(
            string { encoder.append(TokenUsage(promptTokens: 3, completionTokens: 4), to: &$0) }
                == head + #"],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"# + "\n\n")
    }

    @Test("events that leave together stand behind each other")
    func together() throws {
        let encoder = try encoder(.chat)
        let both = string {
            encoder.append(part("a"), to: &$0)
            encoder.append(part("b"), to: &$0)
        }
        #expect(both == string { encoder.append(part("a"), to: &$0) } + string { encoder.append(part("b"), to: &$0) })
    }

    @Test("every character survives the way to a JSON parser")
    func roundTrip() throws {
        let encoder = try encoder(.chat)
        let all = (0..<0x250).compactMap { Unicode.Scalar($0) }.map { String(Character($0)) }.joined() + "\u{2028}"
        let event = string { encoder.append(part(all), to: &$0) }
        #expect(event.hasPrefix("data: ") && event.hasSuffix("\n\n"))
        #expect(!event.dropLast(2).contains("\n"))
        let chunk = try JSONDecoder().decode(ChatCompletionChunk.self, from: Data(event.dropFirst(6).utf8))
        #expect(chunk.choices.first?.delta.content == all)
    }
}
