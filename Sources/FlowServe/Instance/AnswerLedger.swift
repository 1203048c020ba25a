// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// Everything that the daemon may still ask for, and what of it is to be sent next. A pure value.
///
/// Frames are made when the channel has room for them, not when things happen: a channel that is not read costs no
/// memory beyond the unacknowledged parts, which the engine's window bounds, and nothing is lost for a daemon that
/// attaches later and asks for a replay.
struct AnswerLedger {
    /// Tasks that are over are kept until the daemon releases them, but no more than this many.
    static let endedTasks = 1024

    private var records: [TaskID: AnswerRecord] = [:]
    /// Tasks with something to send, in the order in which it came up; each at most once.
    private var queue: [TaskID] = []
    /// Tasks that are over and not released, oldest first.
    private var ended: [TaskID] = []
    private var replies: [FromInstance] = []

    /// Tasks that are not over.
    private(set) var activeCount = 0

    /// Answers that are waiting for room in the channel; a daemon that asks without reading is not read any more.
    var replyCount: Int { replies.count }

    /// Whether the task was submitted and not released.
    func knows(_ task: TaskID) -> Bool {
        records[task].map { !$0.isReleased } ?? false
    }

    /// Whether the task is being worked on, also after the daemon released it.
    func isActive(_ task: TaskID) -> Bool {
        records[task].map { $0.end == nil } ?? false
    }

    /// A task has arrived whose first part to come has index `firstIndex`.
    mutating func begin(_ task: TaskID, firstIndex: Int) {
        guard records[task] == nil else { return }
        records[task] = AnswerRecord(firstIndex: firstIndex)
        activeCount += 1
    }

    /// Notes an event of the engine.
    mutating func note(_ event: EngineEvent) {
        switch event {
        case .accepted(let task, let promptTokens, let firstIndex):
            begin(task, firstIndex: firstIndex)
            records[task]?.accept(promptTokens: promptTokens)
            enqueue(task)
        case .token(let task, let token):
            records[task]?.append(.token(token))
            enqueue(task)
        case .vector(let task, let input):
            records[task]?.append(.vector(input))
            enqueue(task)
        case .finished(let task, let outcome): end(task, .finished(outcome))
        case .failed(let task, let failure, let message): end(task, .failed(failure, message: message))
        }
    }

    /// Ends a task that the engine never saw.
    mutating func refuse(_ task: TaskID, _ how: AnswerRecord.End) {
        begin(task, firstIndex: 0)
        end(task, how)
    }

    mutating func acknowledge(_ task: TaskID, index: Int) {
        records[task]?.acknowledge(index)
    }

    /// Drops a task that is over, and sends no end of one that is not over.
    mutating func release(_ task: TaskID) {
        guard !isActive(task) else {
            records[task]?.isReleased = true
            return
        }
        records[task] = nil
        ended.removeAll { $0 == task }
    }

    /// Sends what is kept of a task again; one that is not known here is answered as lost.
    mutating func replay(_ task: TaskID, index: Int) {
        guard knows(task) else {
            reply(.failed(task, .instanceLost, message: "the task is unknown to this instance"))
            return
        }
        records[task]?.rewind(to: index)
        enqueue(task)
    }

    /// Names all tasks, those that are not over first.
    mutating func reportAttached() {
        let active = records.filter { $0.value.end == nil && !$0.value.isReleased }.map(\.key)
        let tasks = (active + ended.reversed()).prefix(FromInstance.Limits.attachedTasks)
        reply(.attached(tasks.map { .init(task: $0, nextIndex: records[$0]?.nextIndex ?? 0) }))
    }

    mutating func reply(_ frame: FromInstance) {
        replies.append(frame)
    }

    /// The next frame for the channel: replies first; then what the task at the head of the queue has, in its order.
    /// Where that is tokens, those of all other tasks go along.
    mutating func nextFrame() -> FromInstance? {
        if !replies.isEmpty { return replies.removeFirst() }
        while let task = queue.first {
            if let frame = records[task]?.dequeueAcceptance(of: task) { return frame }
            if let frame = records[task]?.dequeueVector(of: task) { return frame }
            if records[task]?.hasPartsDue == true, let frame = dequeueTokens() { return frame }
            if let frame = records[task]?.dequeueEnd(of: task) { return frame }
            records[task]?.isQueued = false
            queue.removeFirst()
        }
        return nil
    }

    /// One frame with the tokens of every task whose acceptance is on its way, as many as fit.
    private mutating func dequeueTokens() -> FromInstance? {
        var room = FramePacking.tokenBytes
        var tokens: [TaskToken] = []
        for task in queue {
            while tokens.count < FromInstance.Limits.tokensPerFrame,
                let token = records[task]?.dequeueToken(room: room)
            {
                room -= token.frameBytes
                tokens.append(.init(task: task, token: token))
            }
        }
        return tokens.isEmpty ? nil : .tokens(tokens)
    }

    private mutating func enqueue(_ task: TaskID) {
        guard let record = records[task], record.isDue, !record.isQueued else { return }
        records[task]?.isQueued = true
        queue.append(task)
    }

    private mutating func end(_ task: TaskID, _ how: AnswerRecord.End) {
        guard isActive(task) else { return }
        activeCount -= 1
        guard knows(task) else {
            records[task] = nil
            return
        }
        records[task]?.finish(how)
        enqueue(task)
        ended.append(task)
        if ended.count > Self.endedTasks { records[ended.removeFirst()] = nil }
    }
}
