// SPDX-License-Identifier: Apache-2.0
import Messages
import Policies
import ServingModel
import Synchronization

@testable import ClusterScheduler

/// Nodes without processes: tasks that are accepted, give tokens, and meet every fault that a node can have, one step at
/// a time and decided by a generator that is passed in. Placement is the real index and policy.
final class SimulatedCluster: TaskPlacing {
    private struct PlacedTask {
        let task: ServingTask
        let listener: any TaskListener
        let node: NodeName
        let weight: Int
        var isAccepted = false
        var nextIndex: Int
        var acknowledged: Int
        /// Its events were asked for again, and nothing of what comes then is lost: a connection loses at its end alone.
        var isResumed = false

        /// Tokens of the whole answer.
        var goal: Int {
            if case .answer(_, let sampling) = task.work { sampling.maximumTokens ?? 0 } else { 0 }
        }
    }

    private struct State {
        var index = PlacementIndex()
        var arriving: [PlacedTask] = []
        var tasks: [TaskID: PlacedTask] = [:]
        var watchers: [ObjectIdentifier: any ClusterWatcher] = [:]
        var ordinal: UInt64 = 0
    }

    /// What a task's listener is told; outside of the lock, since it may ask for something at once.
    private typealias Word = @Sendable () -> Void

    /// Tokens that a node sends beyond what was acknowledged.
    private let window: Int
    private let policy = LeastLoaded()
    private let state = Mutex(State())
    private let nodes: [NodeName]

    init(nodes: [NodeName], model: ModelName, window: Int) {
        self.nodes = nodes
        self.window = window
        state.withLock { state in
            for node in nodes {
                state.index.add(node)
                state.index.setModels(of: node, [model])
                state.index.setState(of: node, isConnected: true, isSettling: false)
            }
        }
    }

    /// Tasks that nodes have.
    var taskCount: Int { state.withLock { $0.tasks.count + $0.arriving.count } }
    /// Tasks by the index, which must be the same.
    var indexedTaskCount: Int { state.withLock { state in nodes.reduce(0) { $0 + state.index.load(of: $1).tasks } } }

    /// Lets each task do something. `faults` is the chance, in thousandths, that it meets one.
    func step(using generator: inout some RandomNumberGenerator, faults: Int) {
        var words: [Word] = []
        state.withLock { state in
            for placed in state.arriving { words.append(Self.take(placed, &state, faults: faults, &generator)) }
            state.arriving = []
            for id in state.tasks.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                guard var placed = state.tasks[id] else { continue }
                if Int.random(in: 0..<1000, using: &generator) < faults {
                    words.append(Self.fail(placed, &generator))
                } else if let word = Self.goOn(&placed, window: window, &generator) {
                    words.append(word)
                }
                state.tasks[id] = placed
            }
        }
        for word in words { word() }
        if Int.random(in: 0..<50, using: &generator) == 0 { changeCluster() }
    }

    private static func take(
        _ placed: PlacedTask, _ state: inout State, faults: Int, _ generator: inout some RandomNumberGenerator
    ) -> Word {
        let (listener, id) = (placed.listener, placed.task.id)
        if Int.random(in: 0..<500, using: &generator) < faults {
            state.index.change(placed.node, tokens: placed.weight, sign: -1)
            return { listener.submissionEnded(id, .refused(status: 429, code: "overloaded", message: "no room")) }
        }
        state.tasks[id] = placed
        return { listener.submissionEnded(id, nil) }
    }

    private static func fail(_ placed: PlacedTask, _ generator: inout some RandomNumberGenerator) -> Word {
        let (listener, id) = (placed.listener, placed.task.id)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: return { listener.receive(id, .failed(.instanceCrashed, message: "crashed")) }
        case 1..<6: return { listener.receive(id, .failed(.preempted, message: "another's turn")) }
        case 6..<9: return { listener.taskGone(id, reason: "the node forgot") }
        case 9..<11: return { listener.receive(id, .failed(.overloaded, message: "no room")) }
        default: return { listener.receive(id, .failed(.instanceLost, message: "killed")) }
        }
    }

    private static func goOn(
        _ placed: inout PlacedTask, window: Int, _ generator: inout some RandomNumberGenerator
    ) -> Word? {
        let (listener, id) = (placed.listener, placed.task.id)
        if !placed.isAccepted {
            placed.isAccepted = true
            let acceptance = TaskAcceptance(
                instance: InstanceID(rawValue: 1), promptTokens: 5, startMicroseconds: 0, digest: "d")
            return { listener.receive(id, .accepted(acceptance)) }
        }
        let goal = placed.goal
        if placed.nextIndex >= goal {
            let outcome = TaskOutcome(
                reason: .length, text: "", completionTokens: goal, prefillMicroseconds: 1, decodeMicroseconds: 1)
            return { listener.receive(id, .finished(outcome)) }
        }
        let end = min(goal, placed.acknowledged + window, placed.nextIndex + Int.random(in: 1...8, using: &generator))
        guard placed.nextIndex < end else { return nil }
        // Now and then some are repeated, or the first one is lost on its way.
        let lost = !placed.isResumed && Int.random(in: 0..<20, using: &generator) == 0 ? 1 : 0
        let first = max(placed.task.delivered, placed.nextIndex - Int.random(in: 0...1, using: &generator)) + lost
        placed.nextIndex = end
        guard first < end else { return nil }
        let tokens = (first..<end).map { GeneratedToken(index: $0, id: Int32($0), text: "") }
        return { listener.receive(id, tokens: tokens) }
    }

    private func changeCluster() {
        let watchers = state.withLock { Array($0.watchers.values) }
        for watcher in watchers { watcher.clusterChanged() }
    }
}

extension SimulatedCluster {
    func refusal(of model: ModelName) -> PlacementDecision? { nil }

    func decide(_ model: ModelName, tokens: Int, avoiding: Set<NodeName>) -> ClusterDecision {
        state.withLock { state in
            state.ordinal += 1
            let request = PlacementRequest(model: model, tokens: tokens, ordinal: state.ordinal, avoiding: avoiding)
            return ClusterDecision(decision: policy.decide(request, in: state.index), isSettling: false)
        }
    }

    func submit(_ task: ServingTask, tokens: Int, to node: NodeName, for listener: any TaskListener) {
        state.withLock { state in
            state.index.change(node, tokens: tokens, sign: 1)
            state.arriving.append(
                PlacedTask(
                    task: task, listener: listener, node: node, weight: tokens, nextIndex: task.delivered,
                    acknowledged: task.delivered))
        }
    }

    func acknowledge(_ task: TaskID, on node: NodeName, index: Int) {
        state.withLock { $0.tasks[task]?.acknowledged = index }
    }

    func askAgain(_ task: TaskID, on node: NodeName, from index: Int) {
        state.withLock { state in
            state.tasks[task]?.nextIndex = index
            state.tasks[task]?.isResumed = true
        }
    }

    func release(_ task: TaskID, on node: NodeName, index: Int) {
        state.withLock { state in
            if let position = state.arriving.firstIndex(where: { $0.task.id == task }) {
                let placed = state.arriving.remove(at: position)
                state.index.change(node, tokens: placed.weight, sign: -1)
            } else if let placed = state.tasks.removeValue(forKey: task) {
                state.index.change(node, tokens: placed.weight, sign: -1)
            }
        }
    }

    func watch(_ watcher: any ClusterWatcher) {
        state.withLock { $0.watchers[ObjectIdentifier(watcher)] = watcher }
    }

    func unwatch(_ watcher: any ClusterWatcher) {
        state.withLock { $0.watchers[ObjectIdentifier(watcher)] = nil }
    }

    /// Jobs that wait for the cluster to change.
    var watcherCount: Int { state.withLock { $0.watchers.count } }
}
