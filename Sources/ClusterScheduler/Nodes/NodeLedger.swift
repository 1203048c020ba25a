// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The book of one node: its state, its models, and the tasks that were placed there. Decides without I/O; its
/// connection acts.
///
/// States, with where they go:
/// - connecting: the socket was found. To connected (`connect`), unreachable (`lose`).
/// - connected: events arrive. To unreachable (`lose`).
/// - unreachable: to connected (`connect`).
struct NodeLedger: Sendable {
    /// A task that was handed to the node and is not over.
    struct PlacedTask: Sendable {
        let listener: any TaskListener
        /// Tokens of work, estimated.
        let tokens: Int
        /// Number of the event stream that was open when it was sent.
        let stream: Int
        /// False until the node has said that it took it.
        var isTaken = false
        /// Its end has come.
        var isOver = false
        /// Which of its parts have come.
        var cursor: StreamCursor
    }

    /// Who gets a task's event.
    enum Target {
        case to(any TaskListener)
        /// Nobody waits for it: tell the node so.
        case stray(DeferredRequest)
    }

    /// Tokens of one task that came together.
    struct TokenDelivery {
        let task: TaskID
        let target: Target
        var tokens: [GeneratedToken]
    }

    private(set) var phase = NodeConnectionState.connecting
    private(set) var problem: String?
    private(set) var models: [ModelSummary] = []
    private(set) var instances: [InstanceSummary] = []
    private(set) var tasks: [TaskID: PlacedTask] = [:]
    /// Not connected, but there is hope: since the socket was found or the connection lost, until `giveUp`.
    private(set) var isSettling = true
    /// Tasks that were released while the node had not said whether it takes them.
    private var orphans: Set<TaskID> = []
    private var stream = 0

    /// A new event stream began; returns the requests for the tasks' events that may have been missed.
    mutating func connect() -> [DeferredRequest] {
        phase = .connected
        problem = nil
        isSettling = false
        stream += 1
        return tasks.filter(\.value.isTaken).map { .resume($0.key, index: $0.value.cursor.nextIndex) }
    }

    /// The event stream ended, or could not be had.
    mutating func lose(_ reason: String) {
        if phase == .connected { isSettling = true }
        phase = .unreachable
        problem = reason
    }

    /// The node was away for too long; returns the tasks that are lost by that.
    mutating func giveUp() -> [TaskID: PlacedTask] {
        isSettling = false
        models = []
        instances = []
        defer { tasks = [:] }
        return tasks
    }

    mutating func replace(models: [ModelSummary]) { self.models = models }
    mutating func replace(instances: [InstanceSummary]) { self.instances = instances }

    /// A task is about to be sent. Must come before the sending: its first events may overtake the node's answer.
    mutating func place(_ task: ServingTask, tokens: Int, for listener: any TaskListener) {
        tasks[task.id] = PlacedTask(
            listener: listener, tokens: tokens, stream: stream, cursor: StreamCursor(nextIndex: task.delivered))
    }

    /// The node took the task; returns a request where events may have been missed meanwhile, or nobody wants the task any
    /// more.
    mutating func confirm(_ task: TaskID) -> DeferredRequest? {
        // The release came before the node's answer, and may have reached the node before the task.
        if orphans.remove(task) != nil { return .cancel(task) }
        guard let placed = tasks[task] else { return nil }
        tasks[task]?.isTaken = true
        // A stream that began in between may have begun after the task's first events.
        return placed.stream == stream ? nil : .resume(task, index: placed.cursor.nextIndex)
    }

    /// The job wants nothing more of the task, whose parts below `index` it has; returns what to tell the node.
    mutating func release(_ task: TaskID, index: Int) -> DeferredRequest? {
        guard let placed = tasks.removeValue(forKey: task) else { return nil }
        if !placed.isTaken, !placed.isOver { orphans.insert(task) }
        guard placed.isOver else { return .cancel(task) }
        return .acknowledge(TaskAcknowledgement(task: task, index: index, isOver: true))
    }

    /// The task was never taken, or is gone from the node; nil where it is not here.
    @discardableResult
    mutating func remove(_ task: TaskID) -> PlacedTask? {
        orphans.remove(task)
        return tasks.removeValue(forKey: task)
    }

    /// Who gets a task's event.
    mutating func receive(_ task: TaskID, _ event: TaskEvent) -> Target {
        guard let placed = tasks[task] else { return .stray(Self.refusal(of: event, of: task)) }
        switch event {
        case .accepted: break
        case .token(let token): _ = tasks[task]?.cursor.receive(token.index)
        case .vector(let input): _ = tasks[task]?.cursor.receive(input.index)
        case .finished, .failed: tasks[task]?.isOver = true
        }
        return .to(placed.listener)
    }

    /// Who gets the tokens of a step: those of a task that follow each other go together.
    mutating func receive(_ tokens: [TaskToken]) -> [TokenDelivery] {
        var deliveries: [TokenDelivery] = []
        for item in tokens {
            _ = tasks[item.task]?.cursor.receive(item.token.index)
            if deliveries.last?.task == item.task {
                deliveries[deliveries.count - 1].tokens.append(item.token)
            } else {
                let target = tasks[item.task].map { Target.to($0.listener) } ?? .stray(.cancel(item.task))
                deliveries.append(TokenDelivery(task: item.task, target: target, tokens: [item.token]))
            }
        }
        return deliveries
    }

    /// What a node is told of a task that nobody waits for: one that still runs is ended, one that is over is released.
    private static func refusal(of event: TaskEvent, of task: TaskID) -> DeferredRequest {
        switch event {
        case .accepted, .token, .vector: .cancel(task)
        case .finished(let outcome):
            .acknowledge(TaskAcknowledgement(task: task, index: max(0, outcome.completionTokens), isOver: true))
        case .failed: .acknowledge(TaskAcknowledgement(task: task, index: 0, isOver: true))
        }
    }
}
