// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("The daemons' logs without a service manager")
    struct DaemonLogTests {
        /// In every text that is sent; no word of ours.
        private static let marker = "zyxwvut-marker"

        private static func bodies() -> [(path: String, body: String)] {
            let model = DeepFlowFixture.model
            let message = #"[{"role": "user", "content": "What is \#(marker)?"}]"#
            let long = String(repeating: "\(marker) and number 7, ", count: 2000)
            return [
                (SchedulerRoutes.chatCompletions, #"{"model": "\#(model)", "max_tokens": 8, "messages": \#(message)}"#),
                (
                    SchedulerRoutes.chatCompletions,
                    #"{"model": "\#(model)", "max_tokens": 8, "stream": true, "messages": \#(message)}"#
                ),
                (SchedulerRoutes.completions, #"{"model": "\#(model)", "max_tokens": 8, "prompt": "\#(marker)"}"#),
                (SchedulerRoutes.completions, #"{"model": "\#(model)", "max_tokens": 8, "prompt": "\#(long)"}"#),
                (SchedulerRoutes.embeddings, #"{"model": "\#(model)", "input": "\#(marker)"}"#),
                ("/tokenize", #"{"model": "\#(model)", "content": "\#(marker)"}"#),
                (SchedulerRoutes.chatCompletions, #"{"model": "\#(model)", "messages": "\#(marker)"}"#),
                (SchedulerRoutes.chatCompletions, #"{"model": "\#(model)", "messages": [{"role": "\#(marker)"}]}"#),
                (SchedulerRoutes.chatCompletions, #"{"model": "\#(model)", "\#(marker)": 1, "messages": \#(message)}"#),
                (SchedulerRoutes.chatCompletions, #"{"messages": "\#(marker)"#),
                ("/v1/\(marker)", #"{"prompt": "\#(marker)"}"#),
            ]
        }

        @Test("They name each job with its request, model, node and user, and hold no word of a prompt or of an answer")
        func noPrompts() async throws {
            try await DeepFlowFixture.with { fixture in
                var jobs: [String] = []
                for (path, body) in Self.bodies() {
                    let answer = try await fixture.api.post(path, raw: Data(body.utf8))
                    guard let job = answer.job else { continue }
                    jobs.append(job)
                    _ = try await fixture.api.finalRecord(of: job)
                }
                #expect(jobs.count >= 4)
                let answer = try fixture.deepflow([
                    "run", DeepFlowFixture.model, "What is DeepFlow?", "--temperature", "0",
                ])
                #expect(answer.output.count > 20)
                _ = try fixture.stop(fixture.scheduler)
                _ = try fixture.stop(fixture.node)
                let (scheduler, node) = (try Self.log("schedulerd", fixture), try Self.log("noded", fixture))
                for log in [scheduler, node] {
                    #expect(!log.contains(Self.marker))
                    #expect(!log.contains(answer.output.trimmingCharacters(in: .whitespacesAndNewlines)))
                }
                let events = try Self.events(scheduler)
                for job in jobs {
                    let event = try #require(events.first { $0["job_id"] as? String == job }, "\(job): \(scheduler)")
                    #expect(event["message"] as? String == "a job ended")
                    #expect((event["request_id"] as? String)?.isEmpty == false)
                    #expect(event["model"] as? String == DeepFlowFixture.model)
                    #expect(event["node"] as? String == "local")
                    #expect(event["tenant"] as? String == "uid:\(getuid())")
                }
                #expect(try Self.events(node).contains { $0["message"] as? String == "an instance is ready" })
            }
        }

        private static func log(_ name: String, _ fixture: DeepFlowFixture) throws -> String {
            try String(contentsOfFile: "\(fixture.directory.path)/\(name).log", encoding: .utf8)
        }

        /// Every line is one; the keeper, which writes to the same file, has plain ones.
        private static func events(_ log: String) throws -> [[String: Any]] {
            try log.split(separator: "\n").filter { !$0.hasPrefix("deepflow-keeper: ") }.map { line in
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return try #require(object, "\(line)")
            }
        }
    }
}
