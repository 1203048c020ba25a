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
        let channel: JobChannel
        /// Tokens of work, estimated.
        let tokens: Int
        /// Number of the event stream that was open when it was sent.
        let stream: Int
        /// False until the node has said that it took it.
        var isTaken = false
        /// Its end has come.
        var isOver = false
        /// Index of the next part that has not come yet.
        var nextIndex: Int
    }

    /// What is to be done with a task's event.
    enum Delivery {
        case to(JobChannel)
        /// Nobody waits for it: tell the node so.
        case stray(OutgoingOrder)
    }

    private(set) var phase = NodeConnectionState.connecting
    private(set) var problem: String?
    private(set) var models: [ModelSummary] = []
    private(set) var instances: [InstanceSummary] = []
    private(set) var tasks: [TaskID: PlacedTask] = [:]
    /// Not connected, but there is hope: since the socket was found or the connection lost, until `giveUp`.
    private(set) var isSettling = true
    private var stream = 0

    /// A new event stream began; answers with the tasks whose events must be asked for again.
    mutating func connect() -> [OutgoingOrder] {
        phase = .connected
        problem = nil
        isSettling = false
        stream += 1
        return tasks.filter(\.value.isTaken).map { .resume($0.key, index: $0.value.nextIndex) }
    }

    /// The event stream ended, or could not be had.
    mutating func lose(_ reason: String) {
        if phase == .connected { isSettling = true }
        phase = .unreachable
        problem = reason
    }

    /// The node was away for too long; answers with the tasks that are lost by that.
    mutating func giveUp() -> [TaskID: JobChannel] {
        isSettling = false
        models = []
        instances = []
        defer { tasks = [:] }
        return tasks.mapValues(\.channel)
    }

    mutating func replace(models: [ModelSummary]) { self.models = models }
    mutating func replace(instances: [InstanceSummary]) { self.instances = instances }

    /// A task is about to be sent. Must come before the sending: its first events may overtake the node's answer.
    mutating func place(_ task: ServingTask, tokens: Int, for channel: JobChannel) {
        tasks[task.id] = PlacedTask(
            channel: channel, tokens: tokens, stream: stream, nextIndex: task.delivered)
    }

    /// The node took the task; answers with an order where events may have been missed meanwhile.
    mutating func confirm(_ task: TaskID) -> OutgoingOrder? {
        guard var placed = tasks[task] else { return nil }
        placed.isTaken = true
        tasks[task] = placed
        // A stream that began in between may have begun after the task's first events.
        return placed.stream == stream ? nil : .resume(task, index: placed.nextIndex)
    }

    /// The job wants nothing more of the task, whose parts below `index` it has; answers with what to tell the node.
    mutating func release(_ task: TaskID, index: Int) -> OutgoingOrder? {
        guard let placed = tasks.removeValue(forKey: task) else { return nil }
        guard placed.isOver else { return .cancel(task) }
        return .acknowledge(TaskAcknowledgement(task: task, index: index, isOver: true))
    }

    /// The task was never taken, or is gone from the node; nil where it is not here.
    @discardableResult
    mutating func remove(_ task: TaskID) -> PlacedTask? {
        tasks.removeValue(forKey: task)
    }

    /// Where a task's event goes.
    mutating func receive(_ task: TaskID, _ event: TaskEvent) -> Delivery {
        guard let placed = tasks[task] else { return .stray(Self.answer(to: event, of: task)) }
        switch event {
        case .accepted: break
        case .token(let token): note(token.index, of: task, after: placed)
        case .vector(let input): note(input.index, of: task, after: placed)
        case .finished, .failed: tasks[task]?.isOver = true
        }
        return .to(placed.channel)
    }

    private mutating func note(_ index: Int, of task: TaskID, after placed: PlacedTask) {
        if index == placed.nextIndex { tasks[task]?.nextIndex += 1 }
    }

    /// A task that still runs is ended; one that is over may be forgotten.
    private static func answer(to event: TaskEvent, of task: TaskID) -> OutgoingOrder {
        switch event {
        case .accepted, .token, .vector: .cancel(task)
        case .finished(let outcome):
            .acknowledge(TaskAcknowledgement(task: task, index: max(0, outcome.completionTokens), isOver: true))
        case .failed: .acknowledge(TaskAcknowledgement(task: task, index: 0, isOver: true))
        }
    }
}
