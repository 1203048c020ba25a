// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import NIOCore
import Testing
import UnixHTTP

extension Integration {
    @Suite("Bad requests are answered, and nothing else happens", .runningServer)
    struct BadRequestTests {
        private let fixture: DeepFlowFixture

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
        }

        private func chat(_ changes: [String: Any]) -> [String: Any] {
            var body: [String: Any] = [
                "model": DeepFlowFixture.model, "max_tokens": 5, "messages": [["role": "user", "content": "Hello!"]],
            ]
            body.merge(changes) { $1 }
            return body
        }

        /// The server still answers after what was just done to it.
        private func expectHealthy() async throws {
            #expect(try await fixture.api.post(SchedulerRoutes.chatCompletions, chat([:])).status == 200)
        }

        @Test(
            "Broken JSON is 400",
            arguments: ["{", "", "[]", "null", "{\"model\": 1}", "\u{0}\u{FF}", "{\"a\":\"\\ud800\"}"])
        func brokenJSON(text: String) async throws {
            let answer = try await fixture.api.post(SchedulerRoutes.chatCompletions, raw: Data(text.utf8))
            #expect(answer.status == 400)
            #expect(try answer.error("type") == "invalid_request_error")
            try await expectHealthy()
        }

        @Test("An unknown model is 404")
        func unknownModel() async throws {
            for name in ["nobody", "../../etc/passwd"] {
                let answer = try await fixture.api.post(SchedulerRoutes.chatCompletions, chat(["model": name]))
                #expect(answer.status == 404 || (name.contains("..") && answer.status == 400))
                #expect(try answer.error("message")?.isEmpty == false)
            }
        }

        @Test("A prompt over the context is 400, streamed or not", arguments: [true, false])
        func tooLong(stream: Bool) async throws {
            let prompt = String(repeating: "word and number 7, ", count: 2000)
            let answer = try await fixture.api.post(
                SchedulerRoutes.chatCompletions,
                chat(["stream": stream, "messages": [["role": "user", "content": prompt]]]))
            #expect(answer.status == 400)
            #expect(try answer.error("code") == "context_length_exceeded")
            try await expectHealthy()
        }

        @Test("Parameters out of range are 400 and name the field")
        func outOfRange() async throws {
            let wrong: [(String, Any)] = [
                ("max_tokens", -1), ("max_tokens", 0), ("temperature", 3), ("temperature", -0.5), ("n", 0),
                ("top_k", -2), ("messages", []), ("stop", Array(repeating: "x", count: 100)), ("max_tokens", 1.5),
                ("messages", [["role": "user"]]), ("seed", "x"),
            ]
            for (field, value) in wrong {
                let answer = try await fixture.api.post(SchedulerRoutes.chatCompletions, chat([field: value]))
                #expect(answer.status == 400, "\(field) = \(value)")
                #expect(try answer.error("message")?.contains(field) == true, "\(field) = \(value)")
            }
            try await expectHealthy()
        }

        @Test("A body of 100 MB is 413, and is not read to its end")
        func overLarge() async throws {
            let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)
            let parts = AsyncThrowingStream<ByteBuffer, any Error>(unfolding: Countdown(part, times: 100).next)
            let answer = try await fixture.api.send(
                .post, SchedulerRoutes.chatCompletions, body: .stream(parts, byteCount: 100 << 20))
            #expect(answer.status == 413)
            try await expectHealthy()
        }

        @Test("Unknown paths are 404, wrong methods 405")
        func routes() async throws {
            #expect(try await fixture.api.send(.get, "/v1/nothing").status == 404)
            #expect(try await fixture.api.send(.get, SchedulerRoutes.chatCompletions).status == 405)
        }

        @Test("The client's socket refuses what only administrators may do")
        func adminOnly() async throws {
            let api = SocketAPI(fixture.apiSocket)
            let removal = try await api.send(.delete, SchedulerRoutes.nodeModel(DeepFlowFixture.model))
            #expect(removal.status == 403)
            let models: [NodeModel] = try await api.get(SchedulerRoutes.nodeModels)
            #expect(models.count == 1)
        }
    }
}

/// Gives the same buffer a number of times.
private actor Countdown {
    private let part: ByteBuffer
    private var left: Int

    init(_ part: ByteBuffer, times: Int) {
        self.part = part
        left = times
    }

    @Sendable func next() async -> ByteBuffer? {
        guard left > 0 else { return nil }
        left -= 1
        return part
    }
}
