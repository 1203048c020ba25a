// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// How far one answer is, over all tasks that made it: the executor's decisions, without its I/O.
///
/// Each event gives one action:
/// 1. An acceptance counts once per attempt and is told to the client once per job.
/// 2. A token with the next index is delivered. Every `acknowledgementStep` tokens the node is told.
/// 3. A token with a lower index is a repetition and dropped.
/// 4. A token with a higher index shows a gap: it is dropped and the events are asked for again from the gap, once per
///    gap, until the gap is closed.
/// 5. An end that counts more tokens than came shows the same gap. Coming a second time without them it is believed:
///    nothing more can be had.
/// 6. A loss leads to another attempt with the tokens so far, `maximumAttempts` in a row without a new token at most.
/// 7. Any other failure is final.
struct AnswerProgress {
    enum Action: Equatable {
        case nothing
        case accept(TaskAcceptance, isFirst: Bool)
        /// `acknowledge` is the index to tell the node, where it is time.
        case deliver(String, isFirst: Bool, acknowledge: Int?)
        case askAgain(from: Int)
        case complete(TaskOutcome)
        case placeAgain
        case fail(JobFailure)
    }

    static let acknowledgementStep = 64
    static let maximumAttempts = 3

    /// Ids of all tokens so far: what a new attempt begins with.
    private(set) var tokens: [Int32] = []
    private(set) var promptTokens: Int?
    /// Of the content that the last accepted attempt ran on.
    private var digest: String?
    private var attemptBegan = 0
    private var fruitlessAttempts = 0
    private var isAttemptAccepted = false
    private var acknowledged = 0
    private var askedFrom: Int?

    /// The content that the next attempt must have, so that its text goes on as it began; nil while there is no text.
    var pinnedDigest: String? { tokens.isEmpty ? nil : digest }

    /// A task with the tokens so far is about to be sent.
    mutating func beginAttempt() {
        attemptBegan = tokens.count
        acknowledged = tokens.count
        isAttemptAccepted = false
        askedFrom = nil
    }

    mutating func receive(_ event: TaskEvent) -> Action {
        switch event {
        case .accepted(let acceptance): return accept(acceptance)
        case .token(let token): return take(token)
        case .finished(let outcome): return finish(outcome)
        case .failed(let failure, let message):
            return failure.isRetryable ? lose(message) : .fail(JobFailure(.task(failure), message))
        }
    }

    /// The task cannot go on where it is.
    mutating func lose(_ reason: String) -> Action {
        fruitlessAttempts = tokens.count > attemptBegan ? 0 : fruitlessAttempts + 1
        guard fruitlessAttempts < Self.maximumAttempts else {
            let sentence =
                "the answer was tried \(fruitlessAttempts) times and got no further than token \(tokens.count)"
            return .fail(JobFailure(.task(.instanceLost), "\(sentence); the last time: \(reason)"))
        }
        return .placeAgain
    }

    private mutating func accept(_ acceptance: TaskAcceptance) -> Action {
        guard !isAttemptAccepted else { return .nothing }
        isAttemptAccepted = true
        digest = acceptance.digest
        let isFirst = promptTokens == nil
        if isFirst { promptTokens = acceptance.promptTokens }
        return .accept(acceptance, isFirst: isFirst)
    }

    private mutating func take(_ token: GeneratedToken) -> Action {
        if token.index < tokens.count { return .nothing }
        if token.index > tokens.count { return gap() ?? .nothing }
        let isFirst = tokens.isEmpty
        tokens.append(token.id)
        var acknowledge: Int?
        if tokens.count - acknowledged >= Self.acknowledgementStep {
            acknowledged = tokens.count
            acknowledge = tokens.count
        }
        return .deliver(token.text, isFirst: isFirst, acknowledge: acknowledge)
    }

    private mutating func finish(_ outcome: TaskOutcome) -> Action {
        if outcome.completionTokens > tokens.count, let again = gap() { return again }
        return .complete(outcome)
    }

    /// nil where the same gap was asked for already.
    private mutating func gap() -> Action? {
        guard askedFrom != tokens.count else { return nil }
        askedFrom = tokens.count
        return .askAgain(from: tokens.count)
    }
}
