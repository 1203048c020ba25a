// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import ServingModel
import Testing
import UnixHTTP

extension Integration {
    @Suite("Many clients at once", .runningServer)
    struct ConcurrencyTests {
        private struct HungUp: Error {}

        private let api: SocketAPI

        init() throws {
            api = try #require(DeepFlowFixture.current).api
        }

        @Sendable private static func long(_ tokens: Int, seed: Int = 1) -> [String: Any] {
            [
                "model": DeepFlowFixture.model, "temperature": 1, "seed": seed, "max_tokens": tokens,
                "ignore_eos": true, "messages": [["role": "user", "content": "Tell me all about DeepFlow."]],
            ]
        }

        @Test("32 streams all complete, each with the text that it has alone")
        func manyStreams() async throws {
            let api = self.api
            let texts = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for seed in 0..<32 {
                    group.addTask {
                        let answer = try await api.stream(Self.long(80, seed: seed))
                        #expect(answer.status == 200)
                        #expect(answer.error == nil)
                        #expect(answer.completionTokens == 80)
                        return (seed, answer.text)
                    }
                }
                return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
            }
            #expect(texts.count == 32)
            for seed in [0, 13, 31] {
                #expect(try await api.stream(Self.long(80, seed: seed)).text == texts[seed])
            }
        }

        @Test("A client that hangs up cancels its job")
        func hangUp() async throws {
            var seen: [String] = []
            for _ in 0..<3 {
                await #expect(throws: HungUp.self) {
                    _ = try await api.stream(Self.long(900)) { part in if part == 5 { throw HungUp() } }
                }
            }
            let jobs: [JobRecord] = try await api.get(SchedulerRoutes.jobs + "?limit=3")
            for job in jobs {
                let record = try await api.finalRecord(of: job.id.description)
                #expect(record.status == .cancelled)
                #expect(record.completionTokens < 900)
                seen.append(record.id.description)
            }
            #expect(Set(seen).count == 3)
            try await eventually("the node has no task left") {
                let nodes: [NodeListing] = try await api.get(SchedulerRoutes.nodes)
                return nodes.allSatisfy { $0.status?.activeTasks == 0 && $0.placedTasks == 0 }
            }
        }

        @Test("A job can be cancelled by its id")
        func cancel() async throws {
            let api = self.api
            var cancelled: String?
            let answer = try await api.stream(Self.long(900)) { part in
                guard part == 1 else { return }
                let jobs: [JobRecord] = try await api.get(SchedulerRoutes.jobs + "?limit=1")
                cancelled = jobs.first?.id.description
                let status = try await api.send(.delete, SchedulerRoutes.job(try #require(cancelled))).status
                #expect(status == 204)
            }
            #expect(answer.job == cancelled)
            #expect(try await api.finalRecord(of: cancelled).status == .cancelled)
        }
    }
}
