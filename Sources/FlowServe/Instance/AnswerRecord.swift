// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// What the instance owes the daemon of one task: acceptance, parts that are not acknowledged, the end; and how far the
/// channel has taken them.
struct AnswerRecord {
    /// How a task ended.
    enum End {
        case finished(TaskOutcome)
        case failed(TaskFailure, message: String)
    }

    /// Nil until the engine has taken the task.
    private(set) var promptTokens: Int?
    private(set) var end: End?
    /// The daemon released the task: nothing more of it is sent.
    var isReleased = false
    /// In the ledger's queue of tasks with something to send.
    var isQueued = false

    /// Index of `parts.first`, or of the next part where there is none.
    private var firstKept: Int
    private var parts: [ReplyPart] = []
    private var acceptanceIsSent = false
    private var nextToSend: Int
    private var endIsSent = false

    /// A task whose first part to come has index `firstIndex`.
    init(firstIndex: Int) {
        firstKept = firstIndex
        nextToSend = firstIndex
    }

    /// Index that the next part will have.
    var nextIndex: Int { firstKept + parts.count }

    /// Whether something waits to be sent.
    var isDue: Bool { acceptanceIsDue || hasPartsDue || endIsDue }

    /// Whether `accepted` comes next.
    var acceptanceIsDue: Bool { promptTokens != nil && !acceptanceIsSent && !isReleased }

    /// Whether the end comes next: everything before it was sent.
    var endIsDue: Bool { end != nil && !endIsSent && !acceptanceIsDue && !hasPartsDue && !isReleased }

    /// Whether parts wait, behind an acceptance or not.
    var hasPartsDue: Bool { nextToSend < nextIndex && !isReleased }

    mutating func accept(promptTokens count: Int) {
        promptTokens = count
    }

    mutating func append(_ part: ReplyPart) {
        precondition(part.index == nextIndex, "part \(part.index) of a reply comes when \(nextIndex) is due")
        parts.append(part)
    }

    mutating func finish(_ how: End) {
        end = how
    }

    /// Drops parts below `index`; they are never sent again.
    mutating func acknowledge(_ index: Int) {
        let count = min(index, nextIndex) - firstKept
        guard count > 0 else { return }
        parts.removeFirst(count)
        firstKept += count
        nextToSend = max(nextToSend, firstKept)
    }

    /// Sends all that is kept again, parts from `index` on.
    mutating func rewind(to index: Int) {
        acceptanceIsSent = false
        nextToSend = min(max(index, firstKept), nextIndex)
        endIsSent = false
    }

    mutating func dequeueAcceptance(of task: TaskID) -> FromInstance? {
        guard let promptTokens, acceptanceIsDue else { return nil }
        acceptanceIsSent = true
        return .accepted(task, promptTokens: promptTokens)
    }

    /// The next token that is due, if its acceptance is already on its way and `room` bytes are enough for it.
    mutating func dequeueToken(room: Int) -> GeneratedToken? {
        guard !acceptanceIsDue, hasPartsDue, case .token(let token) = parts[nextToSend - firstKept],
            token.frameBytes <= room
        else { return nil }
        nextToSend += 1
        return token
    }

    /// The next vector that is due, in a frame of its own.
    mutating func dequeueVector(of task: TaskID) -> FromInstance? {
        guard !acceptanceIsDue, hasPartsDue, case .vector(let input) = parts[nextToSend - firstKept] else {
            return nil
        }
        nextToSend += 1
        return .vector(task, input)
    }

    mutating func dequeueEnd(of task: TaskID) -> FromInstance? {
        guard endIsDue, let end else { return nil }
        endIsSent = true
        switch end {
        case .finished(let outcome): return .finished(task, outcome)
        case .failed(let failure, let message): return .failed(task, failure, message: FramePacking.cut(message))
        }
    }
}
