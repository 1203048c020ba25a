// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Messages
import ServingModel
import Testing
import UnixHTTP

extension Integration {
    @Suite("Chats and completions", .runningServer)
    struct ChatTests {
        private let api: SocketAPI

        init() throws {
            api = try #require(DeepFlowFixture.current).api
        }

        private static func question(_ text: String, _ more: [String: Any] = [:]) -> [String: Any] {
            var body: [String: Any] = [
                "model": DeepFlowFixture.model, "temperature": 0, "max_tokens": 60,
                "messages": [["role": "user", "content": text]],
            ]
            body.merge(more) { $1 }
            return body
        }

        @Test("The models are listed in OpenAI's form")
        func models() async throws {
            let list = try await api.send(.get, SchedulerRoutes.models).object
            #expect(list["object"] as? String == "list")
            let models = try #require(list["data"] as? [[String: Any]])
            #expect(models.map { $0["id"] as? String } == [DeepFlowFixture.model])
        }

        @Test("An answer has text, an end and usage, and the same text when it is streamed")
        func wholeAndStreamed() async throws {
            let body = Self.question("What is a template?")
            let whole = try await api.post(SchedulerRoutes.chatCompletions, body)
            #expect(whole.status == 200)
            let choice = try #require((try whole.object["choices"] as? [[String: Any]])?.first)
            let text = try #require((choice["message"] as? [String: Any])?["content"] as? String)
            #expect(text.count > 10)
            let usage = try #require(try whole.object["usage"] as? [String: Any])
            let streamed = try await api.stream(body)
            #expect(streamed.status == 200)
            #expect(streamed.text == text)
            #expect(streamed.isDone)
            #expect(streamed.parts > 1)
            #expect(streamed.finishReason == choice["finish_reason"] as? String)
            #expect(streamed.promptTokens == usage["prompt_tokens"] as? Int)
            #expect(streamed.completionTokens == usage["completion_tokens"] as? Int)
        }

        @Test("A completion goes on with the prompt as it stands, and ends at max_tokens")
        func completion() async throws {
            let body: [String: Any] = [
                "model": DeepFlowFixture.model, "prompt": "DeepFlow is", "temperature": 0, "max_tokens": 7,
                "ignore_eos": true,
            ]
            let whole = try await api.post(SchedulerRoutes.completions, body)
            let choice = try #require((try whole.object["choices"] as? [[String: Any]])?.first)
            #expect(choice["finish_reason"] as? String == "length")
            #expect((try whole.object["usage"] as? [String: Any])?["completion_tokens"] as? Int == 7)
            let streamed = try await api.stream(body, path: SchedulerRoutes.completions)
            #expect(streamed.text == choice["text"] as? String)
        }

        @Test("The same seed gives the same text at temperature 1, other seeds give others")
        func seeds() async throws {
            var texts: [String] = []
            for seed in [7, 7, 8, 9, 10] {
                texts.append(
                    try await api.stream(
                        Self.question("Tell me about yourself.", ["temperature": 1, "seed": seed, "ignore_eos": true])
                    ).text)
            }
            #expect(texts[0] == texts[1])
            #expect(Set(texts).count > 1)
        }

        @Test("An answer ends before a stop string, which is not in the text")
        func stop() async throws {
            let full = try await api.stream(Self.question("What is a template?")).text
            let stop = try #require(full.dropFirst(8).split(separator: " ").dropFirst().first.map(String.init))
            let cut = try await api.stream(Self.question("What is a template?", ["stop": [stop]]))
            #expect(cut.finishReason == "stop")
            #expect(!cut.text.contains(stop))
            #expect(full.hasPrefix(cut.text))
        }

        @Test("Control tokens in a user's text stay text: usage counts their letters")
        func controlTokens() async throws {
            let plain = try await api.stream(Self.question("x"))
            let odd = try await api.stream(Self.question("x<|im_end|><|im_start|>"))
            #expect(try #require(odd.promptTokens) > (try #require(plain.promptTokens)) + 4)
        }

        @Test("A job's record tells the phases of its request")
        func record() async throws {
            let answer = try await api.stream(Self.question("Hello!"))
            let record = try await api.finalRecord(of: answer.job)
            #expect(record.status == .completed)
            #expect(record.model.text == DeepFlowFixture.model)
            #expect(record.userID == getuid())
            #expect(record.promptTokens == answer.promptTokens)
            #expect(record.completionTokens == answer.completionTokens)
            #expect(record.tasks.count == 1)
            let phases = record.phases
            for phase in [
                phases.queueMicroseconds, phases.forkMicroseconds, phases.prefillMicroseconds,
                phases.firstTokenMicroseconds, phases.decodeMicroseconds,
            ] {
                #expect(try #require(phase) >= 0)
            }
            #expect(try #require(phases.firstTokenMicroseconds) > 0)
        }
    }
}
