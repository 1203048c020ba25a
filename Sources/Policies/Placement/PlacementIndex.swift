// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What placements are decided from: the cluster as its events have told it so far. Each event changes what it is about
/// and nothing else, and a policy reads without copying or sorting: equal histories give equal answers.
package struct PlacementIndex: Sendable {
    /// An instance as a policy sees it.
    package struct Instance: Hashable, Sendable {
        package var model: ModelName
        /// Tasks that it would take at once.
        package var freePlaces: Int

        package init(model: ModelName, freePlaces: Int) {
            self.model = model
            self.freePlaces = freePlaces
        }
    }

    /// What is left to do on a node.
    package struct Load: Hashable, Sendable {
        /// Tasks placed there and not over.
        package var tasks = 0
        /// Tokens that those tasks still have to read and to write, estimated.
        package var tokens = 0
    }

    /// A node that has a model, as a policy compares it with others.
    package struct Candidate: Sendable {
        package let node: NodeName
        /// Whether an instance of the model there would take a task at once.
        package var isWarm: Bool
        /// Position of the node's load.
        fileprivate let slot: Int
    }

    private struct Node {
        let name: NodeName
        var isConnected = false
        /// Not connected, but it may be so in a moment.
        var isSettling = true
        var models: Set<ModelName> = []
        var warm: Set<ModelName> = []
    }

    private var slots: [NodeName: Int] = [:]
    private var nodes: [Node?] = []
    private var loads: [Load] = []
    /// Connected nodes that have the model, by name, so that ties are broken alike everywhere.
    private var holders: [ModelName: [Candidate]] = [:]

    /// Nodes that are connected.
    package private(set) var connectedCount = 0
    /// Nodes that are missing and may be back in a moment: a "no" is not final while there are any.
    package private(set) var settlingCount = 0

    package init() {}

    /// The nodes that have `model`, by name.
    package func candidates(for model: ModelName) -> [Candidate] { holders[model] ?? [] }

    /// What is left to do on a candidate's node.
    package func load(of candidate: Candidate) -> Load { loads[candidate.slot] }

    /// What is left to do on a node; nothing where it is not known.
    package func load(of node: NodeName) -> Load { slots[node].map { loads[$0] } ?? Load() }
}

/// The events, one function each.
extension PlacementIndex {
    /// A node was found: it is not connected yet.
    package mutating func add(_ name: NodeName) {
        guard slots[name] == nil else { return }
        let slot = nodes.firstIndex { $0 == nil } ?? nodes.count
        if slot == nodes.count {
            nodes.append(nil)
            loads.append(Load())
        }
        slots[name] = slot
        nodes[slot] = Node(name: name)
        loads[slot] = Load()
        settlingCount += 1
    }

    /// A node is gone for good.
    package mutating func remove(_ name: NodeName) {
        setState(of: name, isConnected: false, isSettling: false)
        guard let slot = slots.removeValue(forKey: name) else { return }
        nodes[slot] = nil
    }

    /// A node's connection changed. `isSettling`: it is not connected, but may be so in a moment.
    package mutating func setState(of name: NodeName, isConnected: Bool, isSettling: Bool) {
        guard let slot = slots[name], var node = nodes[slot] else { return }
        connectedCount += (isConnected ? 1 : 0) - (node.isConnected ? 1 : 0)
        settlingCount += (isSettling ? 1 : 0) - (node.isSettling ? 1 : 0)
        let hasChanged = node.isConnected != isConnected
        node.isConnected = isConnected
        node.isSettling = isSettling
        nodes[slot] = node
        guard hasChanged else { return }
        for model in node.models { if isConnected { enter(model, slot) } else { withdraw(model, slot) } }
    }

    /// A node's store changed.
    package mutating func setModels(of name: NodeName, _ models: Set<ModelName>) {
        guard let slot = slots[name], let node = nodes[slot], node.models != models else { return }
        nodes[slot]?.models = models
        guard node.isConnected else { return }
        for model in node.models.subtracting(models) { withdraw(model, slot) }
        for model in models.subtracting(node.models) { enter(model, slot) }
    }

    /// A node's instances changed.
    package mutating func setInstances(of name: NodeName, _ instances: [Instance]) {
        guard let slot = slots[name], let old = nodes[slot]?.warm else { return }
        let warm = Set(instances.lazy.filter { $0.freePlaces > 0 }.map(\.model))
        nodes[slot]?.warm = warm
        for model in warm.symmetricDifference(old) {
            guard let position = position(of: slot, among: model) else { continue }
            holders[model]?[position].isWarm = warm.contains(model)
        }
    }

    /// A task was placed on a node (`sign` 1) or is over there (-1).
    package mutating func change(_ name: NodeName, tokens: Int, sign: Int) {
        guard let slot = slots[name] else { return }
        loads[slot].tasks = max(0, loads[slot].tasks + sign)
        loads[slot].tokens = max(0, loads[slot].tokens + sign * tokens)
    }

    private func position(of slot: Int, among model: ModelName) -> Int? {
        holders[model]?.firstIndex { $0.slot == slot }
    }

    private mutating func enter(_ model: ModelName, _ slot: Int) {
        guard let node = nodes[slot] else { return }
        let candidate = Candidate(node: node.name, isWarm: node.warm.contains(model), slot: slot)
        let position = holders[model]?.firstIndex { $0.node.text > node.name.text } ?? holders[model]?.count ?? 0
        holders[model, default: []].insert(candidate, at: position)
    }

    private mutating func withdraw(_ model: ModelName, _ slot: Int) {
        holders[model]?.removeAll { $0.slot == slot }
        if holders[model]?.isEmpty == true { holders[model] = nil }
    }
}
