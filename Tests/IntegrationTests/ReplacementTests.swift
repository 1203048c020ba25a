// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Models that are replaced under their name", .runningServer)
    struct ReplacementTests {
        private let fixture: DeepFlowFixture

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
        }

        /// Adds the guide, or the guide with one letter of its own name changed, as `changing`.
        private func add(isOther: Bool) throws {
            var content = try Data(contentsOf: URL(fileURLWithPath: DeepFlowFixture.checkpoint))
            if isOther {
                let name = try #require(content.range(of: Data("DeepFlow Guide".utf8)))
                content.replaceSubrange(name, with: Data("DeepFlow Other".utf8))
            }
            let path = fixture.directory.path + "/changing.gguf"
            try content.write(to: URL(fileURLWithPath: path))
            #expect(try fixture.deepflow(["model", "add", "changing", path]).isSuccess)
        }

        private static var body: [String: Any] {
            [
                "model": "changing", "temperature": 0, "max_tokens": 700, "ignore_eos": true,
                "messages": [["role": "user", "content": "Tell me all about DeepFlow."]],
            ]
        }

        /// One answer whose model is replaced while its instance stands still in the middle of it, and which then dies.
        private func replacedAnswer() async throws -> StreamedAnswer {
            try add(isOther: false)
            return try await fixture.api.stream(Self.body) { part in
                guard part == 5 else { return }
                let instances: [NodeInstance] = try await fixture.api.get(SchedulerRoutes.instances)
                let busy = instances.map(\.instance).first { $0.state == .busy && $0.model.text == "changing" }
                if let busy { #expect(kill(busy.processID, SIGSTOP) == 0) }
                try add(isOther: true)
                if let busy { #expect(kill(busy.processID, SIGKILL) == 0) }
            }
        }

        @Test("An answer that began with the old content never goes on with the new one")
        func replacedInMidAnswer() async throws {
            // An instance is faster than its reader: it can be done before it is stopped, but not every time.
            for attempt in 1... {
                let stream = try await replacedAnswer()
                if stream.isDone && stream.completionTokens == 700 && attempt < 20 { continue }
                #expect(stream.error?.contains("was replaced") == true)
                #expect(!stream.isDone)
                break
            }
            // The new content serves from now on.
            let next = try await fixture.api.stream(Self.body)
            #expect(next.completionTokens == 700)
            _ = try fixture.deepflow(["model", "remove", "changing"])
        }
    }
}
