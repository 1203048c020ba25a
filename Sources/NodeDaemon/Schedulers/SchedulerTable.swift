// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// One event stream among all that the node has had.
struct StreamNumber: Hashable, Sendable {
    let rawValue: UInt64
}

/// The schedulers that this node serves, their sole owner: each with its newest life and its event stream.
///
/// A scheduler that connects has `Limits.claimSeconds` to ask for the tasks that it still wants; what it has not asked for by then
/// is released: tasks of its own earlier lives, and, when all connected schedulers have had their time, tasks of which the
/// node does not know whose they are. One that stays away for `Limits.absenceSeconds` is not waited for any longer.
struct SchedulerTable: Sendable {
    /// What is to be released.
    enum Due: Hashable, Sendable {
        /// Tasks that this scheduler's earlier lives had.
        case abandoned(SchedulerID)
        /// All tasks of a scheduler that does not come back.
        case all(SchedulerID)
        /// Tasks of which nobody knows whose they are.
        case unknown

        /// How these tasks are claimed.
        var claims: [NodeTask.Claim] {
            switch self {
            case .abandoned(let scheduler): [.abandoned(scheduler)]
            case .all(let scheduler): [.abandoned(scheduler), .by(scheduler)]
            case .unknown: [.unknown]
            }
        }
    }

    private struct KnownScheduler {
        var epoch: UInt64
        var stream: StreamNumber?
        /// Until when it may ask for its tasks; nil when that is over.
        var claimsUntil: MonotonicTime?
        /// Since when it has had no stream.
        var absentSince: MonotonicTime
    }

    /// How long schedulers are waited for.
    struct Limits: Hashable {
        /// What a scheduler that connects has to ask for the tasks that it still wants.
        var claimSeconds: Int
        /// What a scheduler may be away: many times what its restart takes.
        var absenceSeconds: Int
    }

    /// Schedulers that are remembered.
    private static let limit = 256
    /// Whoever gives orders without saying who it is.
    static let anonymous = SchedulerID(rawValue: 0)

    private var limits: Limits
    private var schedulers: [SchedulerID: KnownScheduler] = [:]
    private var lastStream: UInt64 = 0
    /// Somebody has had the time to ask for tasks of which nobody knows whose they are.
    private var unknownAreDue = false

    init(limits: Limits) {
        self.limits = limits
    }

    /// Other bounds hold from now on; whoever has time to ask keeps what it was given.
    mutating func keep(to limits: Limits) {
        self.limits = limits
    }

    /// All streams that are open.
    var streams: [StreamNumber] { schedulers.values.compactMap(\.stream).sorted { $0.rawValue < $1.rawValue } }

    /// The stream of a scheduler; nil where it has none.
    func stream(of scheduler: SchedulerID) -> StreamNumber? { schedulers[scheduler]?.stream }

    /// When `takeDue` has something to say next.
    var nextDeadline: MonotonicTime? {
        schedulers.values.compactMap { scheduler in
            scheduler.stream == nil
                ? scheduler.absentSince.adding(seconds: limits.absenceSeconds) : scheduler.claimsUntil
        }.min()
    }

    /// Who gives an order.
    struct Admission: Hashable {
        let scheduler: SchedulerID
        /// It is a newer life than the one before: that one's tasks are to be asked for, its stream (if it has one) to be
        /// ended.
        var isSuccessor = false
        var endedStream: StreamNumber?
    }

    /// An order or a stream of a scheduler has come. Without an identity it is the one that does not say who it is.
    ///
    /// - Throws: `stale_epoch` where a newer life of it is known.
    mutating func admit(_ identity: SchedulerIdentity?, now: MonotonicTime) throws(NodeAPIError) -> Admission {
        let (id, epoch) = (identity?.id ?? Self.anonymous, identity?.epoch ?? 0)
        guard var known = schedulers[id] else {
            makeRoom()
            schedulers[id] = KnownScheduler(epoch: epoch, absentSince: now)
            return Admission(scheduler: id)
        }
        guard epoch >= known.epoch else {
            throw NodeAPIError(
                code: "stale_epoch",
                message: "\(id) has been replaced: epoch \(known.epoch) gives the orders, and this is \(epoch)")
        }
        guard epoch > known.epoch else { return Admission(scheduler: id) }
        let ended = known.stream
        (known.epoch, known.stream, known.claimsUntil) = (epoch, nil, nil)
        if ended != nil { known.absentSince = now }
        schedulers[id] = known
        return Admission(scheduler: id, isSuccessor: true, endedStream: ended)
    }

    /// Begins a scheduler's stream; the number of the new one, and of the one that it replaces.
    mutating func open(_ scheduler: SchedulerID, now: MonotonicTime) -> (new: StreamNumber, ended: StreamNumber?) {
        lastStream += 1
        let new = StreamNumber(rawValue: lastStream)
        let ended = schedulers[scheduler]?.stream
        schedulers[scheduler]?.stream = new
        schedulers[scheduler]?.claimsUntil = now.adding(seconds: limits.claimSeconds)
        return (new, ended)
    }

    /// A stream's connection is gone.
    mutating func close(_ stream: StreamNumber, now: MonotonicTime) {
        guard let id = schedulers.first(where: { $0.value.stream == stream })?.key else { return }
        schedulers[id]?.stream = nil
        schedulers[id]?.claimsUntil = nil
        schedulers[id]?.absentSince = now
    }

    /// What has become due; each thing is said once.
    mutating func takeDue(now: MonotonicTime) -> [Due] {
        var due: [Due] = []
        for (id, scheduler) in schedulers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            if scheduler.stream == nil {
                guard scheduler.absentSince.adding(seconds: limits.absenceSeconds) <= now else { continue }
                schedulers[id] = nil
                due.append(.all(id))
            } else if let until = scheduler.claimsUntil, until <= now {
                schedulers[id]?.claimsUntil = nil
                unknownAreDue = true
                due.append(.abandoned(id))
            }
        }
        if unknownAreDue, !schedulers.values.contains(where: { $0.claimsUntil != nil }) {
            unknownAreDue = false
            due.append(.unknown)
        }
        return due
    }

    /// Drops the one that has been away for longest, where there are too many.
    private mutating func makeRoom() {
        guard schedulers.count >= Self.limit else { return }
        let away = schedulers.filter { $0.value.stream == nil }
        if let oldest = away.min(by: { $0.value.absentSince < $1.value.absentSince }) { schedulers[oldest.key] = nil }
    }
}
