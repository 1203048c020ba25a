// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// How far one reply is, over all tasks that made it: what to do with each event of them, without doing it.
///
/// 1. An acceptance counts once per attempt and is told to the client once per job.
/// 2. Parts (tokens or vectors) go by the rules of `StreamCursor`. The node is told of those that readers took, every
///    `acknowledgementStep`.
/// 3. A crash in the task's own work may be its doing: `JobLimits.crashes` in a row without a further part end the job.
/// 4. A loss by anything else (a kill from outside, lack of memory, the node's end) is not: the job goes on for as long
///    as `JobLimits.losses` allows without a further part.
/// 5. Giving a place to somebody else, and having no room, count for neither.
/// 6. Any other failure is final.
struct ReplyProgress: Sendable {
    /// Why a task cannot go on where it is.
    enum Loss: Hashable, Sendable {
        /// Its instance crashed at its work.
        case crashed
        /// Its instance or its node is gone, by nothing that the task could have caused.
        case lost
    }

    /// What arrived parts come to.
    struct Arrivals {
        /// Those that are new, in order.
        var fresh: [ReplyPart] = []
        /// The index from which events are to be asked for again.
        var askFrom: Int?
    }

    static let acknowledgementStep = 64

    private var cursor = StreamCursor()
    /// Ids of an answer's tokens so far: what a new attempt begins with.
    private(set) var tokens: [Int32] = []
    /// Whether tokens make up an answer, which an instance must be told to go on with it.
    private let keepsTokens: Bool
    private(set) var promptTokens: Int?
    /// Of the content that the last accepted attempt ran on.
    private var digest: String?
    private var attemptBegan = 0
    private var crashes = 0
    private var lossesBegan: MonotonicTime?
    private var isAttemptAccepted = false

    /// Parts so far, which is also the next one's index.
    var partCount: Int { cursor.nextIndex }
    /// Whether something was lost since the last part came.
    var hasLosses: Bool { crashes > 0 || lossesBegan != nil }
    /// The content that the next attempt must have, so that its text goes on as it began; nil while there is no text.
    var pinnedDigest: String? { partCount == 0 ? nil : digest }

    init(keepsTokens: Bool = true) {
        self.keepsTokens = keepsTokens
    }

    /// A task with the tokens so far is about to be sent.
    mutating func beginAttempt() {
        attemptBegan = partCount
        cursor.changeSender()
        isAttemptAccepted = false
    }

    /// An instance will answer. Whether it is the first time for the job; nil where the attempt was accepted before.
    mutating func accept(_ acceptance: TaskAcceptance) -> Bool? {
        guard !isAttemptAccepted else { return nil }
        isAttemptAccepted = true
        digest = acceptance.digest
        guard promptTokens == nil else { return false }
        promptTokens = acceptance.promptTokens
        return true
    }

    /// Parts arrived, in this order.
    mutating func receive(_ parts: [ReplyPart]) -> Arrivals {
        var arrivals = Arrivals()
        for part in parts {
            switch cursor.receive(part.index) {
            case .due:
                if keepsTokens, case .token(let token) = part { tokens.append(token.id) }
                arrivals.fresh.append(part)
            case .repetition: break
            case .gap(let index): if let index { arrivals.askFrom = index }
            }
        }
        return arrivals
    }

    /// The task says that it is complete, which is to be believed or not.
    mutating func finish(_ outcome: TaskOutcome) -> StreamCursor.Ending { cursor.end(after: outcome.completionTokens) }

    /// Readers have the parts below `index`; returns the index to tell the node, where it is time.
    mutating func taken(upTo index: Int) -> Int? {
        cursor.acknowledge(upTo: index, every: Self.acknowledgementStep)
    }

    /// The task cannot go on where it is; returns why the job ends by that, nil where it is to be tried again.
    mutating func lose(_ loss: Loss, reason: String, now: MonotonicTime, limits: JobLimits) -> JobFailure? {
        if partCount > attemptBegan {
            crashes = 0
            lossesBegan = nil
            // An attempt that brought parts was worth it, however it ended.
            if loss == .crashed { return nil }
        }
        switch loss {
        case .crashed:
            crashes += 1
            guard crashes >= limits.crashes else { return nil }
            let sentence =
                "\(crashes) instances crashed at this request, none of which got further than part \(partCount)"
            return JobFailure(.task(.instanceCrashed), "\(sentence); the last time: \(reason)")
        case .lost:
            let began = lossesBegan ?? now
            lossesBegan = began
            guard began.duration(to: now) >= limits.losses else { return nil }
            let sentence = "instances were lost for \(limits.losses.components.seconds) s without a further part"
            return JobFailure(.task(.instanceLost), "\(sentence); the last time: \(reason)")
        }
    }
}
