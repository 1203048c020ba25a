// SPDX-License-Identifier: Apache-2.0
import Glibc
import Messages
import NIOCore
import OpenAIAPI
import ServingModel
import Synchronization
import Testing
import UnixHTTP

@testable import Gateway

@Suite("Listings and administration over a socket")
struct AdministrationTests {
    @Test("models, nodes and health are listed in their forms")
    func listings() async throws {
        try await GatewayFixture.run { gateway in
            let models = try await gateway.get(SchedulerRoutes.models).decode(ModelList.self)
            #expect(models.data.map(\.id.text) == ["org/m"] && models.data.map(\.created) == [1700])
            #expect(try await gateway.get(SchedulerRoutes.models + "/org/m").status == 200)
            #expect(try await gateway.get(SchedulerRoutes.models + "/other").status == 404)
            let held = try await gateway.get(SchedulerRoutes.nodeModels).decode([NodeModel].self)
            #expect(held.map(\.node) == [.local])
            let nodes = try await gateway.get(SchedulerRoutes.nodes).decode([NodeListing].self)
            #expect(nodes.map(\.state) == [.connected] && nodes.first?.status?.kernel == "test")
            #expect(try await gateway.get(SchedulerRoutes.instances).decode([NodeInstance].self).isEmpty)
            #expect(try await gateway.get(SchedulerRoutes.templates).decode([NodeTemplate].self).isEmpty)
            let health = try await gateway.get(SchedulerRoutes.health).decode(SchedulerHealth.self)
            #expect(health.status == "ok" && health.connectedNodes == 1)
            let version = try await gateway.get(SchedulerRoutes.version).decode(SchedulerVersion.self)
            #expect(version.version == Release.version && version.processID == getpid())
        }
    }

    @Test("a checkpoint is passed on to the node, and the node's words come back")
    func importing() async throws {
        try await GatewayFixture.run { gateway in
            let parts = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                for _ in 0..<20 { continuation.yield(ByteBuffer(repeating: 1, count: 100_000)) }
                continuation.finish()
            }
            let response = try await gateway.admin.request(
                .post, SchedulerRoutes.nodeModels + "?name=org/new", body: .stream(parts, byteCount: 2_000_000))
            #expect(response.status == 200)
            let text = String(buffer: try await response.collect(upTo: 1 << 20))
            #expect(text.contains("2000000") && text.contains("completed"))
            #expect(text.split(separator: "\n").count == 2)
        }
    }

    @Test("an import must name a model, and a node that is there")
    func importingBadly() async throws {
        try await GatewayFixture.run { gateway in
            let expected = ["": 400, "?name=..": 400, "?name=m&node=B%20": 400, "?name=m&node=other": 503]
            for (query, status) in expected {
                let answer = try await gateway.post(SchedulerRoutes.nodeModels + query, "x", on: gateway.admin)
                #expect(answer.status == status, "\(query)")
            }
        }
    }

    @Test("an addition is over when the scheduler knows of the model")
    func addition() async throws {
        try await GatewayFixture.run(script: Scripts.answer("ok")) { gateway in
            var model = gateway.node.summary
            model.name = try #require(ModelName("org/new"))
            gateway.node.imported.withLock { [model] in $0 = model }
            let isOver = Mutex(false)
            async let added = {
                defer { isOver.withLock { $0 = true } }
                return try await gateway.admin.request(
                    .post, SchedulerRoutes.nodeModels + "?name=org/new", body: .bytes("GGUF".utf8)
                ).collect(upTo: 1 << 20)
            }()
            // Time enough for an answer that does not wait for the node's event.
            for _ in 0..<20 { _ = try await gateway.get(SchedulerRoutes.jobs) }
            #expect(!isOver.withLock { $0 })
            gateway.node.tell(models: [gateway.node.summary, model])
            #expect(try await String(buffer: added).contains("completed"))
            let listed = try await gateway.get(SchedulerRoutes.models)
            #expect(listed.text.contains("org/new"))
        }
    }

    @Test("a model is removed from the nodes that have it")
    func removal() async throws {
        try await GatewayFixture.run { gateway in
            let answer = try await gateway.delete(SchedulerRoutes.nodeModel("org%2Fm"), on: gateway.admin)
            #expect(try answer.decode(ModelRemoval.self).nodes == [.local])
            #expect(gateway.node.removals.withLock { $0 } == ["org/m"])
            #expect(try await gateway.delete(SchedulerRoutes.nodeModel("none"), on: gateway.admin).status == 404)
        }
    }

    @Test("jobs are listed newest first, looked up, and ended")
    func jobs() async throws {
        try await GatewayFixture.run(script: Scripts.silence) { gateway in
            async let answer = gateway.chat()
            var running: JobRecord?
            while running?.status != .running {
                running = try await gateway.get(SchedulerRoutes.jobs + "?limit=1").decode([JobRecord].self).first
            }
            let id = try #require(running).id.description
            #expect(try await gateway.delete(SchedulerRoutes.job(id)).status == 204)
            #expect(try await answer.status == 409)
            #expect(try await gateway.get(SchedulerRoutes.job(id)).decode(JobRecord.self).status == .cancelled)
            #expect(try await gateway.delete(SchedulerRoutes.job(id)).status == 409)
            #expect(try await gateway.get(SchedulerRoutes.job("job-0000000000000001")).status == 404)
            #expect(try await gateway.get(SchedulerRoutes.job("nonsense")).status == 404)
            for limit in ["0", "1001", "x", "-1"] {
                #expect(try await gateway.get(SchedulerRoutes.jobs + "?limit=" + limit).status == 400)
            }
        }
    }
}
