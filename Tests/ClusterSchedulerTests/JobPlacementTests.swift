// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Messages
import Policies
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Job placement")
struct JobPlacementTests {
    private func failure(_ reader: JobReader) async -> JobFailure? {
        do {
            _ = try await CollectedAnswer.read(reader)
            return nil
        } catch {
            return error
        }
    }

    @Test("a model that no node has is a clear no, and so is a cluster without nodes")
    func nowhere() async throws {
        let node = try ScriptedNode("a")
        let other = try #require(ModelName("other"))
        try await SchedulerFixture.run([node]) { fixture in
            let failure = await failure(try fixture.core.submit([fixture.submission(model: other)]))
            #expect(failure?.kind == .task(.modelNotFound))
        }
        try await SchedulerFixture.run([]) { fixture in
            let failure = await failure(try fixture.submit())
            #expect(failure?.kind == .noNode)
        }
    }

    @Test("a task carries its tenant with weight and class to the node")
    func tenant() async throws {
        let node = try ScriptedNode("a")
        let weight = try #require(TenantWeight(3))
        try await SchedulerFixture.run([node]) { fixture in
            var submission = fixture.submission()
            submission.principal = Principal(
                userID: 1, groupIDs: [], processID: 1, roles: [.client], tenant: TenantName("lab"), weight: weight,
                serviceClass: .batch)
            let reader = try fixture.core.submit([submission])
            let task = try await node.submission()
            #expect(task.tenant.text == "lab" && task.tenantWeight == weight && task.serviceClass == .batch)
            reader.detach()
        }
    }

    @Test("a node that is full passes the task on; when all are, the same is asked again")
    func full() async throws {
        let a = try ScriptedNode("a")
        let b = try ScriptedNode("b")
        let busy = NodeRequestError.refused(status: 429, code: "overloaded", message: "no room")
        try await SchedulerFixture.run([a, b]) { fixture in
            a.refuse(busy)
            let passed = try fixture.submit()
            async let reading = CollectedAnswer.read(passed)
            let task = try await b.submission()
            b.accept(task.id)
            b.finish(task.id, tokens: 0)
            #expect(try await reading.summary != nil)

            a.refuse(busy, busy)
            b.refuse(busy, busy)
            let patient = try fixture.submit()
            async let second = CollectedAnswer.read(patient)
            let late = try await a.submission()
            a.accept(late.id)
            a.finish(late.id, tokens: 0)
            #expect(try await second.summary != nil)
        }
    }

    @Test("what is full for too long is told to the client")
    func fullForever() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node], configure: { $0.fullSeconds = 0 }) { fixture in
            let busy = NodeRequestError.refused(status: 429, code: "overloaded", message: "no room")
            node.refuse(busy, busy)
            let failure = await failure(try fixture.submit())
            #expect(failure?.kind == .task(.overloaded))
        }
    }

    @Test("a node's refusal of the request itself reaches the client in its words")
    func refused() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            node.refuse(.refused(status: 400, code: "invalid_request", message: "no such thing"))
            let failure = await failure(try fixture.submit())
            #expect(failure == JobFailure(.task(.invalidRequest), "no such thing"))
        }
    }

    @Test("jobs above the bound wait for their turn, and beyond the queue they are refused")
    func admission() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run(
            [node], configure: { ($0.runningJobs, $0.waitingJobs) = (1, 1) }
        ) { fixture in
            let running = try fixture.submit()
            async let first = CollectedAnswer.read(running)
            let task = try await node.submission()
            let waiting = try fixture.submit()
            async let second = CollectedAnswer.read(waiting)
            while fixture.core.health.queuedJobs == 0 { await Task.yield() }
            let refused = await failure(try fixture.submit())
            #expect(refused?.kind == .queueFull)
            node.accept(task.id)
            node.finish(task.id, tokens: 0)
            let next = try await node.submission()
            #expect(next.job == waiting.jobs[0].id)
            node.accept(next.id)
            node.finish(next.id, tokens: 0)
            _ = try await (first, second)
        }
    }

    @Test("after the order to drain nothing begins, and what does not end in time is told so")
    func drain() async throws {
        let node = try ScriptedNode("a")
        try await SchedulerFixture.run([node]) { fixture in
            let reader = try fixture.submit()
            async let reading = failure(reader)
            let task = try await node.submission()
            await fixture.core.drain()
            #expect(await reading?.kind == .serverRestarting)
            #expect(try await node.cancellation() == task.id)
            #expect(throws: JobFailure.self) { try fixture.submit() }
            #expect(fixture.core.health.status == "draining")
        }
    }
}
