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

    private struct Seen {
        var name: NodeName
        var tasks = 0
        var tokens = 0
        var has = true
        var warm = false
    }

    private func node(
        _ name: NodeName, tasks: Int = 0, tokens: Int = 0, has: Bool = true, warm: Bool = false
    ) -> Seen { Seen(name: name, tasks: tasks, tokens: tokens, has: has, warm: warm) }

    private func index(_ nodes: Seen...) -> PlacementIndex {
        var index = PlacementIndex()
        for node in nodes {
            index.add(node.name)
            if node.has { index.setModels(of: node.name, [model]) }
            index.setState(of: node.name, isConnected: true, isSettling: false)
            if node.warm {
                index.setInstances(of: node.name, [.init(model: model, freePlaces: 1)])
            }
            for _ in 0..<node.tasks { index.change(node.name, tokens: 0, sign: 1) }
            index.change(node.name, tokens: node.tokens, sign: 1)
            index.change(node.name, tokens: 0, sign: -1)
        }
        return index
    }

    private func request(_ ordinal: UInt64 = 0, avoiding: Set<NodeName> = []) -> PlacementRequest {
        PlacementRequest(model: model, tokens: 100, ordinal: ordinal, avoiding: avoiding)
    }

    private func place(
        _ request: PlacementRequest, _ index: PlacementIndex, by policy: any PlacementPolicy = LeastLoaded()
    ) -> NodeName? {
        guard case .place(let placement) = policy.decide(request, in: index) else { return nil }
        return placement.node
    }

    @Test("without nodes, or without the model, every policy says which of the two it was")
    func nowhere() {
        let policies: [any PlacementPolicy] = [LeastLoaded(), RoundRobin()]
        for policy in policies {
            #expect(policy.decide(request(), in: PlacementIndex()) == .noNode)
            #expect(policy.decide(request(), in: index(node(a, has: false))) == .modelNotFound)
        }
    }

    @Test("the least loaded node is the one with the fewest tokens of work")
    func tokens() {
        #expect(place(request(), index(node(a, tasks: 1, tokens: 900), node(b, tasks: 9, tokens: 100))) == b)
    }

    @Test("tasks weigh something of their own")
    func taskWeight() {
        #expect(place(request(), index(node(a, tasks: 100, tokens: 10), node(b, tasks: 0, tokens: 3000))) == b)
    }

    @Test("equal load goes to a warm instance, then by name")
    func ties() {
        let decision = LeastLoaded().decide(request(), in: index(node(a), node(b, warm: true)))
        #expect(decision == .place(.init(node: b, reason: .leastWork)))
        #expect(place(request(), index(node(b), node(a))) == a)
    }

    @Test("a node to avoid is taken only where it is the last")
    func avoiding() {
        let two = index(node(a), node(b, tasks: 50, tokens: 5000))
        #expect(place(request(avoiding: [a]), two) == b)
        #expect(place(request(avoiding: [a, b]), two) == a)
        #expect(place(request(avoiding: [a]), two, by: RoundRobin()) == b)
    }

    @Test("absurd loads do not trap")
    func overflow() {
        #expect(place(request(), index(node(a, tokens: Int.max), node(b, tokens: Int.max - 1))) == b)
    }

    @Test("round robin visits every able node in turn")
    func roundRobin() {
        let nodes = index(node(c), node(a), node(b, has: false))
        #expect((0..<4).map { place(request($0), nodes, by: RoundRobin()) } == [a, c, a, c])
    }

    @Test("after any history the index says what the nodes said last")
    func history() throws {
        var generator = SystemRandomNumberGenerator()
        let names = try (0..<6).map { try #require(NodeName("n\($0)")) }
        let models = try (0..<4).map { try #require(ModelName("m\($0)")) }
        for _ in 0..<300 {
            var index = PlacementIndex()
            var known: [NodeName: (isConnected: Bool, isSettling: Bool, models: Set<ModelName>, load: Int)] = [:]
            for _ in 0..<60 {
                let name = names[Int.random(in: 0..<6, using: &generator)]
                switch Int.random(in: 0..<5, using: &generator) {
                case 0:
                    index.add(name)
                    if known[name] == nil { known[name] = (false, true, [], 0) }
                case 1 where Bool.random(using: &generator):
                    index.remove(name)
                    known[name] = nil
                case 2:
                    let isConnected = Bool.random(using: &generator)
                    let isSettling = !isConnected && Bool.random(using: &generator)
                    index.setState(of: name, isConnected: isConnected, isSettling: isSettling)
                    known[name]?.isConnected = isConnected
                    known[name]?.isSettling = isSettling
                case 3:
                    let some = Set(models.filter { _ in Bool.random(using: &generator) })
                    index.setModels(of: name, some)
                    known[name]?.models = some
                default:
                    index.change(name, tokens: 5, sign: 1)
                    known[name]?.load += 5
                }
                for model in models {
                    let holders = known.filter { $0.value.isConnected && $0.value.models.contains(model) }
                    #expect(index.candidates(for: model).map(\.node) == holders.keys.sorted { $0.text < $1.text })
                }
                #expect(index.connectedCount == known.values.count(where: \.isConnected))
                #expect(index.settlingCount == known.values.count(where: \.isSettling))
                #expect(names.allSatisfy { index.load(of: $0).tokens == known[$0]?.load ?? 0 })
            }
        }
    }
}
