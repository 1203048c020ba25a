// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import Policies

@Suite("Placement")
struct PlacementTests {
    private let model: ModelName
    private let a: NodeName
    private let b: NodeName
    private let c: NodeName

    init() throws {
        model = try #require(ModelName("m"))
        a = try #require(NodeName("a"))
        b = try #require(NodeName("b"))
        c = try #require(NodeName("c"))
    }

    private func node(
        _ name: NodeName, tasks: Int = 0, tokens: Int = 0, has: Bool = true, warm: Bool = false
    ) -> ClusterSnapshot.Node {
        ClusterSnapshot.Node(
            name: name, models: has ? [model] : [], tasks: tasks, tokensOfWork: tokens,
            warmModels: warm ? [model] : [])
    }

    private func request(_ ordinal: UInt64 = 0, avoiding: Set<NodeName> = []) -> PlacementRequest {
        PlacementRequest(model: model, tokens: 100, ordinal: ordinal, avoiding: avoiding)
    }

    @Test("without nodes, or without the model, every policy says which of the two it was")
    func nowhere() {
        let policies: [any PlacementPolicy] = [LeastLoaded(), RoundRobin()]
        for policy in policies {
            #expect(policy.place(request(), given: ClusterSnapshot(nodes: [])) == .noNode)
            #expect(policy.place(request(), given: ClusterSnapshot(nodes: [node(a, has: false)])) == .modelNotFound)
        }
    }

    @Test("the least loaded node is the one with the fewest tokens of work")
    func tokens() {
        let snapshot = ClusterSnapshot(nodes: [node(a, tasks: 1, tokens: 900), node(b, tasks: 9, tokens: 100)])
        #expect(LeastLoaded().place(request(), given: snapshot) == .node(b))
    }

    @Test("tasks weigh something of their own")
    func taskWeight() {
        let snapshot = ClusterSnapshot(nodes: [node(a, tasks: 100, tokens: 10), node(b, tasks: 0, tokens: 3000)])
        #expect(LeastLoaded().place(request(), given: snapshot) == .node(b))
    }

    @Test("equal load goes to a warm instance, then by name")
    func ties() {
        #expect(
            LeastLoaded().place(request(), given: ClusterSnapshot(nodes: [node(a), node(b, warm: true)])) == .node(b))
        #expect(LeastLoaded().place(request(), given: ClusterSnapshot(nodes: [node(b), node(a)])) == .node(a))
    }

    @Test("a node to avoid is taken only where it is the last")
    func avoiding() {
        let two = ClusterSnapshot(nodes: [node(a), node(b, tasks: 50, tokens: 5000)])
        #expect(LeastLoaded().place(request(avoiding: [a]), given: two) == .node(b))
        #expect(LeastLoaded().place(request(avoiding: [a, b]), given: two) == .node(a))
    }

    @Test("absurd loads do not trap")
    func overflow() {
        let snapshot = ClusterSnapshot(nodes: [node(a, tasks: Int.max, tokens: Int.max), node(b, tokens: Int.max)])
        #expect(LeastLoaded().place(request(), given: snapshot) == .node(a))
    }

    @Test("round robin visits every able node in turn")
    func roundRobin() {
        let snapshot = ClusterSnapshot(nodes: [node(c), node(a), node(b, has: false)])
        let order = (0..<4).map { RoundRobin().place(request($0), given: snapshot) }
        #expect(order == [.node(a), .node(c), .node(a), .node(c)])
    }
}
