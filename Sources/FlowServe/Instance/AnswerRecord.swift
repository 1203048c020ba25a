// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// What the instance owes the daemon of one task: acceptance, tokens that nobody acknowledged, the end; and how far the
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
    /// The daemon wants to hear nothing more of it.
    var isForgotten = false
    /// In the ledger's queue of tasks with something to send.
    var isQueued = false

    /// Index of `tokens.first`, or of the next token where there is none.
    private var firstKept: Int
    private var tokens: [GeneratedToken] = []
    private var acceptanceIsSent = false
    private var nextToSend: Int
    private var endIsSent = false

    /// A task whose first token to come has index `firstIndex`.
    init(firstIndex: Int) {
        firstKept = firstIndex
        nextToSend = firstIndex
    }

    /// Index that the next token will have.
    var nextIndex: Int { firstKept + tokens.count }

    /// Whether something waits to be sent.
    var isDue: Bool { acceptanceIsDue || hasTokensDue || endIsDue }

    /// Whether `accepted` comes next.
    var acceptanceIsDue: Bool { promptTokens != nil && !acceptanceIsSent && !isForgotten }

    /// Whether the end comes next: everything before it was sent.
    var endIsDue: Bool { end != nil && !endIsSent && !acceptanceIsDue && !hasTokensDue && !isForgotten }

    /// Whether tokens wait, behind an acceptance or not.
    var hasTokensDue: Bool { nextToSend < nextIndex && !isForgotten }

    mutating func accept(promptTokens count: Int) {
        promptTokens = count
    }

    mutating func append(_ token: GeneratedToken) {
        precondition(token.index == nextIndex, "token \(token.index) of an answer comes when \(nextIndex) is due")
        tokens.append(token)
    }

    mutating func finish(_ how: End) {
        end = how
    }

    /// Forgets tokens below `index`; they are never sent again.
    mutating func acknowledge(_ index: Int) {
        let count = min(index, nextIndex) - firstKept
        guard count > 0 else { return }
        tokens.removeFirst(count)
        firstKept += count
        nextToSend = max(nextToSend, firstKept)
    }

    /// Sends all that is kept again, tokens from `index` on.
    mutating func rewind(to index: Int) {
        acceptanceIsSent = false
        nextToSend = min(max(index, firstKept), nextIndex)
        endIsSent = false
    }

    mutating func takeAcceptance(of task: TaskID) -> FromInstance? {
        guard let promptTokens, acceptanceIsDue else { return nil }
        acceptanceIsSent = true
        return .accepted(task, promptTokens: promptTokens)
    }

    /// The next token that is due, if its acceptance is already on its way and `room` bytes are enough for its text.
    mutating func takeToken(room: Int) -> GeneratedToken? {
        guard !acceptanceIsDue, hasTokensDue else { return nil }
        let token = tokens[nextToSend - firstKept]
        guard token.text.utf8.count <= room else { return nil }
        nextToSend += 1
        return token
    }

    mutating func takeEnd(of task: TaskID) -> FromInstance? {
        guard endIsDue, let end else { return nil }
        endIsSent = true
        switch end {
        case .finished(let outcome): return .finished(task, outcome)
        case .failed(let failure, let message): return .failed(task, failure, message: FramePacking.cut(message))
        }
    }
}
