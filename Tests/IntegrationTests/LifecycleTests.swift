// SPDX-License-Identifier: Apache-2.0
import Foundation
import LinuxKernel
import Messages
import ServingModel
import Testing
import UnixHTTP

extension Integration {
    @Suite("Starting and stopping")
    struct LifecycleTests {
        private static func ask(_ fixture: DeepFlowFixture) throws -> CommandRun {
            try fixture.deepflow(["run", DeepFlowFixture.model, "Hello!", "--temperature", "0", "--max-tokens", "30"])
        }

        @Test("Node and scheduler find each other in either order", arguments: [true, false])
        func order(nodeFirst: Bool) async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                try nodeFirst ? fixture.startNode() : fixture.startScheduler()
                try nodeFirst ? fixture.startScheduler() : fixture.startNode()
                try fixture.waitUntilReady()
                let answer = try Self.ask(fixture)
                #expect(answer.isSuccess, "\(answer.errors)")
                #expect(answer.output.count > 1)
            }
        }

        @Test("A stop in order leaves no process, no socket that answers, and status 0")
        func cleanStop() async throws {
            try await DeepFlowFixture.with { fixture in
                #expect(try Self.ask(fixture).isSuccess)
                let nodes: [NodeListing] = try await fixture.api.get(SchedulerRoutes.nodes)
                let status = try #require(nodes.first?.status)
                let instances: [NodeInstance] = try await fixture.api.get(SchedulerRoutes.instances)
                let templates: [NodeTemplate] = try await fixture.api.get(SchedulerRoutes.templates)
                let processes =
                    [status.processID, try #require(status.keeperProcessID)]
                    + instances.map(\.instance.processID) + templates.map(\.template.processID)
                #expect(processes.count >= 4)
                #expect(processes.allSatisfy(ForeignProcess.isRunning))
                #expect(try fixture.stop(fixture.scheduler)?.isSuccess == true)
                #expect(try fixture.stop(fixture.node)?.isSuccess == true)
                // The keeper hangs up as its last act, so it may outlive the node's daemon by an instant.
                try await eventually("all processes are gone") { !processes.contains(where: ForeignProcess.isRunning) }
                #expect(try fixture.deepflow(["ps"]).exitCode == 69)
            }
        }

        @Test("Records and models outlive a restart of everything")
        func restart() async throws {
            try await DeepFlowFixture.with { fixture in
                let first = try Self.ask(fixture)
                let before: [JobRecord] = try await fixture.api.get(SchedulerRoutes.jobs)
                _ = try await fixture.api.finalRecord(of: before.first?.id.description)
                _ = try fixture.stop(fixture.scheduler)
                _ = try fixture.stop(fixture.node)
                try fixture.startAll()
                let after: [JobRecord] = try await fixture.api.get(SchedulerRoutes.jobs)
                #expect(after.map(\.id) == before.map(\.id))
                #expect(after.allSatisfy { $0.status == .completed })
                #expect(try Self.ask(fixture).output == first.output)
            }
        }

        @Test("Scaling and pins outlive the node's daemon, and its metrics count the starts")
        func desired() async throws {
            try await DeepFlowFixture.with { fixture in
                let model = DeepFlowFixture.model
                #expect(try fixture.deepflow(["instance", "scale", model, "2"]).isSuccess)
                #expect(try fixture.deepflow(["model", "pin", model]).isSuccess)
                let node = SocketAPI(fixture.nodeSocket)
                let metrics = String(decoding: try await node.send(.get, NodeRoutes.metrics).body, as: UTF8.self)
                #expect(
                    metrics.contains(
                        "deepflow_instance_start_seconds_count{model=\"\(model)\",stage=\"te_load\"} 2\n"))
                #expect(metrics.contains("deepflow_instances{model=\"\(model)\",state=\"ready\"} 2\n"))
                _ = try fixture.stop(fixture.node)
                try fixture.startNode()
                try fixture.waitUntilReady()
                try await eventually("both instances are there again") {
                    let found = try fixture.deepflow(["instance", "list", "--json"]).output
                    return found.components(separatedBy: "\"ready\"").count == 3
                }
                let templates: [NodeTemplate] = try await fixture.api.get(SchedulerRoutes.templates)
                #expect(templates.map(\.template.isPinned) == [true])
            }
        }

        @Test("Without a node requests are 503, and the node's own verbs need no scheduler")
        func halves() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                try fixture.startNode()
                let alone = try fixture.deepflow(["node", "status", "--wait", "60", "--node", "local"])
                #expect(alone.isSuccess, "\(alone.errors)")
                for verb in [["ps"], ["model", "list"], ["instance", "list"], ["template", "list"]] {
                    #expect(try fixture.deepflow(verb + ["--node", "local"]).isSuccess, "\(verb)")
                }
                #expect(try fixture.deepflow(["job", "list"]).exitCode == 69)
                _ = try fixture.stop(fixture.node)
                try fixture.startScheduler()
                try await eventually("the scheduler answers") {
                    try fixture.deepflow(["version", "--json"]).isSuccess
                }
                #expect(try Self.ask(fixture).exitCode == 75)
            }
        }
    }
}
