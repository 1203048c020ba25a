// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Messages
import ServingModel
import Testing

extension Integration {
    @Suite("Answers outlive the processes that make them", .runningServer)
    struct FailoverTests {
        private let fixture: DeepFlowFixture
        private let api: SocketAPI

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
            api = fixture.api
        }

        private static func long(temperature: Int) -> [String: Any] {
            [
                "model": DeepFlowFixture.model, "temperature": temperature, "seed": 4711, "max_tokens": 700,
                "ignore_eos": true, "messages": [["role": "user", "content": "Tell me all about DeepFlow."]],
            ]
        }

        private func busyInstance() async throws -> InstanceSummary {
            let instances: [NodeInstance] = try await api.get(SchedulerRoutes.instances)
            return try #require(instances.map(\.instance).first { $0.state == .busy })
        }

        @Test("kill -9 of an instance in mid-answer: the text is the undisturbed one", arguments: [0, 1])
        func killedInstance(temperature: Int) async throws {
            let undisturbed = try await api.stream(Self.long(temperature: temperature))
            #expect(undisturbed.completionTokens == 700)
            var killed: [Int32] = []
            let disturbed = try await api.stream(Self.long(temperature: temperature)) { part in
                guard part == 10 || part == 300 else { return }
                let process = try await busyInstance().processID
                #expect(kill(process, SIGKILL) == 0)
                killed.append(process)
            }
            #expect(killed.count == 2 && Set(killed).count == 2)
            #expect(disturbed.error == nil)
            #expect(disturbed.text == undisturbed.text)
            #expect(disturbed.completionTokens == 700)
            let record = try await api.finalRecord(of: disturbed.job)
            #expect(record.status == .completed)
            #expect(record.tasks.count == 3)
            #expect(record.tasks.dropFirst().allSatisfy { $0.firstIndex > 0 })
            #expect(record.tasks.dropLast().allSatisfy { $0.status == .failed })
        }

        @Test("kill -9 of the node daemon in mid-answer: the instance goes on, the text is whole", arguments: [0, 1])
        func killedNode(temperature: Int) async throws {
            let undisturbed = try await api.stream(Self.long(temperature: temperature))
            var before: Int32?
            let disturbed = try await api.stream(Self.long(temperature: temperature)) { part in
                guard part == 10 else { return }
                before = try await busyInstance().processID
                try fixture.replaceNode()
            }
            #expect(disturbed.error == nil)
            #expect(disturbed.text == undisturbed.text)
            try fixture.waitUntilReady()
            // The keeper held it: same process, no second one.
            let instances: [NodeInstance] = try await api.get(SchedulerRoutes.instances)
            #expect(instances.map(\.instance.processID) == [try #require(before)])
            #expect(try await api.finalRecord(of: disturbed.job).tasks.count == 1)
        }

        @Test("An instance that dies idle is replaced at the next request")
        func diedIdle() async throws {
            let first = try await api.stream(Self.long(temperature: 0))
            let instances: [NodeInstance] = try await api.get(SchedulerRoutes.instances)
            for instance in instances { #expect(kill(instance.instance.processID, SIGKILL) == 0) }
            #expect(try await api.stream(Self.long(temperature: 0)).text == first.text)
        }
    }
}
