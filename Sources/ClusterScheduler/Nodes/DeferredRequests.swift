// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// A request that nobody waits for: it is sent when the node can be reached, together with others.
enum DeferredRequest: Hashable, Sendable {
    case acknowledge(TaskAcknowledgement)
    case cancel(TaskID)
    case resume(TaskID, index: Int)
}

/// What was asked for since the last sending, with what has become pointless left out.
struct DeferredRequests: Sendable {
    /// One request to the node.
    enum Step: Hashable, Sendable {
        case acknowledge([TaskAcknowledgement])
        case cancel(TaskID)
        case resume(TaskID, index: Int)
    }

    private var acknowledgements: [TaskID: TaskAcknowledgement] = [:]
    private var cancellations: Set<TaskID> = []
    private var resumptions: [TaskID: Int] = [:]
    private var current: Step?

    init(_ requests: [DeferredRequest] = []) {
        for request in requests { add(request) }
    }

    /// Notes a request: acknowledgements of a task become one, a cancellation makes its resumption pointless.
    mutating func add(_ request: DeferredRequest) {
        switch request {
        case .acknowledge(let new):
            let old = acknowledgements[new.task]
            acknowledgements[new.task] = TaskAcknowledgement(
                task: new.task, index: max(new.index, old?.index ?? 0), isOver: new.isOver || old?.isOver == true)
        case .cancel(let task):
            cancellations.insert(task)
            resumptions[task] = nil
        case .resume(let task, let index):
            if !cancellations.contains(task) { resumptions[task] = index }
        }
    }

    /// Nothing happens where these come a little later: no place is freed by them, and no job waits for them.
    var canWait: Bool { cancellations.isEmpty && resumptions.isEmpty }

    /// The next request, cancellations first since they free a place; nil at the end. Counts as unsent until the
    /// following call.
    mutating func next() -> Step? {
        if let task = cancellations.popFirst() {
            current = .cancel(task)
        } else if let (task, index) = resumptions.popFirst() {
            current = .resume(task, index: index)
        } else if !acknowledgements.isEmpty {
            current = .acknowledge(Array(acknowledgements.values))
            acknowledgements = [:]
        } else {
            current = nil
        }
        return current
    }

    /// What is unsent.
    var all: [DeferredRequest] {
        var requests: [DeferredRequest] = []
        switch current {
        case .acknowledge(let list): requests += list.map { .acknowledge($0) }
        case .cancel(let task): requests.append(.cancel(task))
        case .resume(let task, let index): requests.append(.resume(task, index: index))
        case nil: break
        }
        requests += cancellations.map { .cancel($0) }
        requests += resumptions.map { .resume($0.key, index: $0.value) }
        requests += acknowledgements.values.map { .acknowledge($0) }
        return requests
    }
}
