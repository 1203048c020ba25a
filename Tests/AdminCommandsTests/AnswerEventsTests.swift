// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Streamed answers")
struct AnswerEventsTests {
    @Test("Text of chats and completions, ends and usage are read")
    func parts() throws {
        let chat = #"data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#
        let completion = #"data: {"choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]}"# + "\r"
        let usage = #"data:{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}"#
        #expect(try AnswerEvents.part(of: chat.utf8) == ReceivedPart(text: "Hi"))
        #expect(try AnswerEvents.part(of: completion.utf8) == ReceivedPart(text: "Hi", finishReason: "stop"))
        #expect(try AnswerEvents.part(of: usage.utf8) == ReceivedPart(promptTokens: 3, completionTokens: 5))
    }

    @Test(
        "Comments, the end mark and other fields carry nothing", arguments: [": alive", "data: [DONE]", "event: x", ""])
    func nothing(line: String) throws {
        #expect(try AnswerEvents.part(of: line.utf8) == nil)
    }

    @Test("An error in the stream is thrown in the server's words")
    func failure() {
        let line = #"data: {"error":{"message":"the instance ended","type":"server_error","code":"instance_lost"}}"#
        #expect(throws: CommandError.tryAgain("the instance ended")) { try AnswerEvents.part(of: line.utf8) }
    }

    @Test("An error in the stream that does not pass is exit code 1")
    func lasting() {
        let line = #"data: {"error":{"message":"a defect","type":"server_error","code":"internal_error"}}"#
        #expect(throws: CommandError.failed("a defect")) { try AnswerEvents.part(of: line.utf8) }
    }

    @Test("What is no event is an error and no crash", arguments: ["data: {", "data: null", "data: \u{0}"])
    func junk(line: String) {
        #expect(throws: CommandError.self) { try AnswerEvents.part(of: line.utf8) }
    }
}
