// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import DaemonSettings
import Foundation
import Messages
import NIOCore
import OpenAIAPI
import ServingModel
import Testing
import UnixHTTP

@testable import Gateway

@Suite("Chats and completions over a socket")
struct GenerationTests {
    @Test("a whole chat has its text, its usage, and a job to look up")
    func whole() async throws {
        try await GatewayFixture.run(script: Scripts.answer("Hel", "lo", last: "!")) { gateway in
            let answer = try await gateway.chat()
            #expect(answer.status == 200)
            let chat = try answer.decode(ChatCompletion.self)
            #expect(chat.choices.map(\.message.content) == ["Hello!"] && chat.choices[0].message.role == "assistant")
            #expect(chat.choices.map(\.finishReason) == ["stop"])
            #expect(chat.usage == TokenUsage(promptTokens: 4, completionTokens: 2))
            let job = try #require(answer.response.header(SchedulerRoutes.jobHeader))
            let record = try await gateway.get(SchedulerRoutes.job(job)).decode(JobRecord.self)
            #expect(record.status == .completed && record.kind == .chat && record.completionTokens == 2)
            #expect(chat.id == "chatcmpl-" + job.dropFirst(4))
        }
    }

    @Test("a streamed chat is these bytes")
    func streamed() async throws {
        try await GatewayFixture.run(script: Scripts.answer("Hi", "")) { gateway in
            let answer = try await gateway.chat("x", #""stream":true,"stream_options":{"include_usage":true}"#)
            #expect(answer.response.header("content-type") == "text/event-stream; charset=utf-8")
            let job = try #require(answer.response.header(SchedulerRoutes.jobHeader))
            let created = try #require(answer.text.split(separator: "\"created\":").dropFirst().first?.prefix(10))
            let head =
                #"data: {"id":"chatcmpl-\#(job.dropFirst(4))","object":"chat.completion.chunk","created":\#(created),"#
                + #""model":"org/m","choices":["#
            let middle = #""logprobs":null,"finish_reason":"#
            let end = #"],"usage":null}"# + "\n\n"
            let expected = [
                head + #"{"index":0,"delta":{"role":"assistant","content":""},\#(middle)null}"# + end,
                head + #"{"index":0,"delta":{"content":"Hi"},\#(middle)null}"# + end,
                head + #"{"index":0,"delta":{},\#(middle)"stop"}"# + end,
                head + #"],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}}"# + "\n\n",
                "data: [DONE]\n\n",
            ]
            #expect(answer.text == expected.joined())
        }
    }

    @Test("several answers to several prompts are jobs of one request, each with its index", arguments: [false, true])
    func choices(streams: Bool) async throws {
        try await GatewayFixture.run(script: Scripts.seed) { gateway in
            let body = #"{"model":"org/m","prompt":["x","y"],"n":2,"seed":40,"echo":true,"stream":\#(streams)}"#
            let answer = try await gateway.post(SchedulerRoutes.completions, body)
            var texts = ["", "", "", ""]
            if streams {
                for event in answer.text.split(separator: "\n\n") where event.hasPrefix("data: {") {
                    let chunk = try JSONDecoder().decode(TextCompletion.self, from: Data(event.dropFirst(6).utf8))
                    for choice in chunk.choices { texts[choice.index] += choice.text }
                }
                #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            } else {
                let completion = try answer.decode(TextCompletion.self)
                for choice in completion.choices { texts[choice.index] += choice.text }
                // A prompt counts once, however many answers it has.
                #expect(completion.usage == TokenUsage(promptTokens: 8, completionTokens: 4))
            }
            #expect(texts == ["x40", "x41", "y42", "y43"])
            let jobs = try await gateway.get(SchedulerRoutes.jobs).decode([JobRecord].self)
            #expect(jobs.count == 4 && Set(jobs.map(\.request)).count == 1)
        }
    }

    @Test(
        "requests of many choices at once are all answered, one that is larger than all places too",
        .timeLimit(.minutes(2)), arguments: [false, true])
    func manyChoices(streams: Bool) async throws {
        let places = 5
        try await GatewayFixture.run(
            configure: { $0.runningJobs = places }, script: Scripts.answer("a")
        ) { gateway in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for request in 0..<12 {
                    let count = request == 0 ? 16 : places - 1
                    group.addTask {
                        let answer = try await gateway.chat("x", #""n":\#(count),"stream":\#(streams)"#)
                        #expect(answer.status == 200)
                        if streams {
                            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
                        } else {
                            #expect(try answer.decode(ChatCompletion.self).choices.count == count)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await gateway.get(SchedulerRoutes.health).decode(SchedulerHealth.self).runningJobs == 0)
        }
    }

    @Test("what a client does not ask for is as the model's makers want it", arguments: [#""seed":1"#, #""top_p":1"#])
    func makersWishes(field: String) async throws {
        let script: ScriptedNodeServer.Script = { task, emit in
            guard case .answer(_, let sampling) = task.work else { return }
            Scripts.accept(task, emit)
            emit(.token(GeneratedToken(index: 0, id: 1, text: "\(sampling.topP)")))
            Scripts.finish(tokens: 1, emit)
        }
        try await GatewayFixture.run(script: script) { gateway in
            let chat = try await gateway.chat("x", field).decode(ChatCompletion.self)
            #expect(chat.choices.map(\.message.content) == [field.contains("top_p") ? "1.0" : "0.25"])
        }
    }

    @Test("reasoning and calls reach the client in their own fields")
    func calls() async throws {
        let extra = TokenExtra(
            reasoning: "hm", calls: [ToolCallPiece(call: 0, name: "f", arguments: #"{"a":1}"#)])
        let script: ScriptedNodeServer.Script = { task, emit in
            Scripts.accept(task, emit)
            emit(.token(GeneratedToken(index: 0, id: 1, text: "", extra: extra)))
            Scripts.finish(tokens: 1, emit)
        }
        try await GatewayFixture.run(script: script) { gateway in
            let chat = try await gateway.chat("x").decode(ChatCompletion.self)
            let choice = try #require(chat.choices.first)
            #expect(choice.message.content == nil && choice.message.reasoning == "hm")
            #expect(choice.message.toolCalls?.map(\.function.name) == ["f"])
            #expect(choice.message.toolCalls?.map(\.function.arguments) == [#"{"a":1}"#])
            #expect(choice.finishReason == "tool_calls")
        }
    }

    @Test("a completion answers in its own form")
    func completion() async throws {
        try await GatewayFixture.run(script: Scripts.answer("once")) { gateway in
            let answer = try await gateway.post(SchedulerRoutes.completions, #"{"model":"org/m","prompt":"x"}"#)
            let completion = try answer.decode(TextCompletion.self)
            #expect(completion.choices.map(\.text) == ["once"])
            #expect(completion.object == "text_completion" && completion.id.hasPrefix("cmpl-"))
        }
    }

    @Test("what an instance refuses has a status of its own, also where a stream was asked for")
    func refused() async throws {
        let script: ScriptedNodeServer.Script = { _, emit in
            emit(.failed(.contextLengthExceeded, message: "90 tokens do not fit in 64"))
        }
        try await GatewayFixture.run(script: script) { gateway in
            let answer = try await gateway.chat("x", #""stream":true"#)
            #expect(answer.status == 400)
            let error = try answer.decode(ErrorEnvelope.self).error
            #expect(error.code == "context_length_exceeded" && error.message == "90 tokens do not fit in 64")
            #expect(answer.response.header(SchedulerRoutes.jobHeader) != nil)
        }
    }

    @Test("a failure within a stream is an event, and no [DONE] follows")
    func brokenStream() async throws {
        let script: ScriptedNodeServer.Script = { task, emit in
            Scripts.silence(task, emit)
            emit(.failed(.internalError, message: "bad luck"))
        }
        try await GatewayFixture.run(script: script) { gateway in
            let answer = try await gateway.chat("x", #""stream":true"#)
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""content":"a""#))
            #expect(answer.text.contains(#"data: {"error":{"message":"bad luck","type":"server_error""#))
            #expect(!answer.text.contains("[DONE]"))
        }
    }

    @Test("a stream that waits long for its place shows that it lives, and a refusal after that is an event")
    func earlyStream() async throws {
        try await GatewayFixture.run(
            configure: { $0.tickInterval = .milliseconds(20) }, script: { _, _ in }
        ) { gateway in
            let body = GatewayFixture.chatBody("x", #""stream":true,"n":2"#)
            let response = try await gateway.api.request(
                .post, SchedulerRoutes.chatCompletions, body: .bytes(body.utf8))
            #expect(response.status == 200)
            var lines = response.lines(upTo: 1 << 16).makeAsyncIterator()
            while let line = try await lines.next(), String(buffer: line) != ": keep-alive" {}
            let job = try #require(response.header(SchedulerRoutes.jobHeader))
            #expect(try await gateway.delete(SchedulerRoutes.job(job)).status == 204)
            var rest = ""
            while let line = try await lines.next() { rest += String(buffer: line) + "\n" }
            #expect(rest.contains(#"data: {"error":{"#) && rest.contains(#""code":"cancelled""#))
            #expect(!rest.contains("[DONE]"))
        }
    }

    @Test("a whole answer that waits long for its place still has a status of its own")
    func lateRefusal() async throws {
        try await GatewayFixture.run(
            configure: { $0.tickInterval = .milliseconds(20) }, script: { _, _ in }
        ) { gateway in
            async let answer = gateway.chat()
            var job: JobRecord?
            while job == nil {
                job = try await gateway.get(SchedulerRoutes.jobs).decode([JobRecord].self).first
            }
            #expect(try await gateway.delete(SchedulerRoutes.job(try #require(job).id.description)).status == 204)
            #expect(try await answer.status == 409)
        }
    }

    @Test("a client that hangs up ends its task, streamed or not")
    func hangUp() async throws {
        try await GatewayFixture.run(script: Scripts.silence) { gateway in
            var ended: Set<String> = []
            for (index, fields) in [#""stream":true"#, #""stream":false"#].enumerated() {
                let client = Task { try await gateway.chat("x", fields) }
                while try await gateway.get(SchedulerRoutes.jobs).decode([JobRecord].self).first?.status != .running {
                    await Task.yield()
                }
                client.cancel()
                // Tokens that come after the end of their task are answered by ending it once more.
                while ended.count == index {
                    ended.formUnion(try await gateway.node.cancellations.receive(within: .seconds(30)))
                }
                #expect(ended.count == index + 1 && ended.allSatisfy { $0.hasPrefix("task-") })
                _ = try? await client.value
                let records = try await gateway.get(SchedulerRoutes.jobs).decode([JobRecord].self)
                #expect(records.first?.status == .cancelled)
            }
        }
    }

    @Test("a reader that takes nothing is given up, and its task with it")
    func stalledReader() async throws {
        let piece = String(repeating: "x", count: 1 << 20)
        let script: ScriptedNodeServer.Script = { task, emit in
            Scripts.accept(task, emit)
            for index in 0..<16 { emit(.token(GeneratedToken(index: index, id: 1, text: piece))) }
        }
        try await GatewayFixture.run(
            configure: { configuration in
                configuration.stallSeconds = 1
                configuration.tickInterval = .milliseconds(20)
            }, script: script
        ) { gateway in
            let body = GatewayFixture.chatBody("x", #""stream":true"#)
            let response = try await gateway.api.request(
                .post, SchedulerRoutes.chatCompletions, body: .bytes(body.utf8))
            let cancelled = try await gateway.node.cancellations.receive(within: .seconds(60))
            #expect(Set(cancelled).count == 1)
            await #expect(throws: (any Error).self) { _ = try await response.collect(upTo: 64 << 20) }
        }
    }

    @Test("bodies that are wrong or too large are refused, and the gateway goes on")
    func badBodies() async throws {
        try await GatewayFixture.run(script: Scripts.answer("ok")) { gateway in
            let broken = try await gateway.post(SchedulerRoutes.chatCompletions, #"{"model":"#)
            #expect(broken.status == 400)
            #expect(try broken.decode(ErrorEnvelope.self).error.code == "invalid_json")
            #expect(try await gateway.chat("x", #""max_tokens":-1"#).status == 400)
            let unknown = try await gateway.post(SchedulerRoutes.completions, #"{"model":"nope","prompt":"x"}"#)
            #expect(unknown.status == 404)
            #expect(try unknown.decode(ErrorEnvelope.self).error.code == "model_not_found")
            let large = ByteBuffer(repeating: UInt8(ascii: " "), count: GenerationRequest.Limits.bodyBytes + 1)
            let announced = try await gateway.api.request(
                .post, SchedulerRoutes.chatCompletions, body: .bytes(large))
            #expect(announced.status == 413)
            let parts = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                continuation.yield(large)
                continuation.finish()
            }
            let chunked = try await gateway.api.request(
                .post, SchedulerRoutes.chatCompletions, body: .stream(parts, byteCount: nil))
            #expect(chunked.status == 413)
            #expect(try await gateway.chat().status == 200)
        }
    }
}
