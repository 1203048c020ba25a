// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// How far one answer is, over all tasks that made it: the executor's decisions, without its I/O.
///
/// Each event gives one action:
/// 1. An acceptance counts once per attempt and is told to the client once per job.
/// 2. A part (a token or a vector) with the next index is delivered. Every `acknowledgementStep` parts the node is told.
/// 3. A part with a lower index is a repetition and dropped.
/// 4. A part with a higher index shows a gap: it is dropped and the events are asked for again from the gap, once per
///    gap, until the gap is closed.
/// 5. An end that counts more parts than came shows the same gap. Coming a second time without them it is believed:
///    nothing more can be had.
/// 6. A loss leads to another attempt from there on, `maximumAttempts` in a row without a new part at most.
/// 7. Any other failure is final.
struct AnswerProgress {
    enum Action: Equatable {
        case nothing
        case accept(TaskAcceptance, isFirst: Bool)
        /// `acknowledge` is the index to tell the node, where it is time.
        case deliver(ReplyPart, isFirst: Bool, acknowledge: Int?)
        case askAgain(from: Int)
        case complete(TaskOutcome)
        case placeAgain
        case fail(JobFailure)
    }

    static let acknowledgementStep = 64
    static let maximumAttempts = 3

    /// Parts so far, which is also the next one's index.
    private(set) var partCount = 0
    /// Ids of an answer's tokens so far: what a new attempt begins with.
    private(set) var tokens: [Int32] = []
    /// Whether tokens make up an answer, which an instance must be told to go on with it.
    private let keepsTokens: Bool
    private(set) var promptTokens: Int?
    /// Of the content that the last accepted attempt ran on.
    private var digest: String?
    private var attemptBegan = 0
    private var fruitlessAttempts = 0
    private var isAttemptAccepted = false
    private var acknowledged = 0
    private var askedFrom: Int?

    /// The content that the next attempt must have, so that its text goes on as it began; nil while there is no text.
    var pinnedDigest: String? { partCount == 0 ? nil : digest }

    init(keepsTokens: Bool = true) {
        self.keepsTokens = keepsTokens
    }

    /// A task with the tokens so far is about to be sent.
    mutating func beginAttempt() {
        attemptBegan = partCount
        acknowledged = partCount
        isAttemptAccepted = false
        askedFrom = nil
    }

    mutating func receive(_ event: TaskEvent) -> Action {
        switch event {
        case .accepted(let acceptance): return accept(acceptance)
        case .token(let token): return take(.token(token))
        case .vector(let input): return take(.vector(input))
        case .finished(let outcome): return finish(outcome)
        case .failed(let failure, let message):
            return failure.isRetryable ? lose(message) : .fail(JobFailure(.task(failure), message))
        }
    }

    /// The task cannot go on where it is.
    mutating func lose(_ reason: String) -> Action {
        fruitlessAttempts = partCount > attemptBegan ? 0 : fruitlessAttempts + 1
        guard fruitlessAttempts < Self.maximumAttempts else {
            let sentence =
                "the answer was tried \(fruitlessAttempts) times and got no further than part \(partCount)"
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

    private mutating func take(_ part: ReplyPart) -> Action {
        if part.index < partCount { return .nothing }
        if part.index > partCount { return gap() ?? .nothing }
        let isFirst = partCount == 0
        partCount += 1
        if keepsTokens, case .token(let token) = part { tokens.append(token.id) }
        var acknowledge: Int?
        if partCount - acknowledged >= Self.acknowledgementStep {
            acknowledged = partCount
            acknowledge = partCount
        }
        return .deliver(part, isFirst: isFirst, acknowledge: acknowledge)
    }

    private mutating func finish(_ outcome: TaskOutcome) -> Action {
        if outcome.completionTokens > partCount, let again = gap() { return again }
        return .complete(outcome)
    }

    /// nil where the same gap was asked for already.
    private mutating func gap() -> Action? {
        guard askedFrom != partCount else { return nil }
        askedFrom = partCount
        return .askAgain(from: partCount)
    }
}
