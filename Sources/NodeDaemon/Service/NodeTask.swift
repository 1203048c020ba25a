// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the daemon knows of a task that the scheduler has not forgotten.
struct NodeTask: Sendable {
    /// The task as it was submitted, until an instance has it; nil for one that was learned from an instance.
    var submission: ServingTask?
    var instance: InstanceID?
    let submittedAt: MonotonicTime
    /// Whether no instance had room when it came.
    var hasWaited = false
    /// What it waited for an instance; 0 where one was warm or where this is not known.
    var startMicroseconds = 0
    /// What its instance may say of it now.
    var order: ReplyOrder
    var isOver = false
    /// Learned from an instance and not asked for by the scheduler since: its events are not passed on, since tokens
    /// without those before them would only be gaps.
    var isUnclaimed = false
}

/// The order in which an honest instance tells a task's reply: accepted once, then its parts by index without a gap, and
/// again from an index when a replay was asked for. One that was taken over could otherwise repeat itself for ever, at
/// the cost of everybody who listens.
struct ReplyOrder: Sendable {
    /// Parts that may be told beyond what was acknowledged: more than an honest engine's window, and than the inputs of
    /// one request for vectors.
    private static let window = 4096
    /// Replays that can be owed at once; more asked for, the oldest are taken as delivered.
    private static let replayLimit = 64

    /// Index that the next new part must have; nil until the first one of a task that was learned from an instance.
    private var next: Int?
    private var acknowledged: Int?
    /// Index that no part may have.
    private let limit: Int
    /// Where replays begin that were asked for and have not begun.
    private var owedReplays: [Int]
    /// Next index of the replay that is under way.
    private var replayed: Int?
    private var owedAcceptances = 2
    private var owedEnds = 2

    /// A submission may find an earlier attempt at its instance, which then tells all of it: as a replay from 0.
    init(nextIndex: Int?, limit: Int = .max) {
        next = nextIndex
        self.limit = limit
        acknowledged = nextIndex
        owedReplays = [0]
    }

    /// A replay from `index` on was asked for.
    mutating func expectReplay(from index: Int) {
        if owedReplays.count == Self.replayLimit { owedReplays.removeFirst() }
        owedReplays.append(index)
        owedAcceptances += 1
        owedEnds += 1
    }

    /// Whoever listens has all parts below `index`.
    mutating func acknowledge(_ index: Int) {
        guard let next, index <= next else { return }
        acknowledged = max(acknowledged ?? 0, index)
    }

    /// Whether the task may be accepted (again) now, and notes it.
    mutating func admitsAcceptance() -> Bool {
        guard owedAcceptances > 0 else { return false }
        owedAcceptances -= 1
        return true
    }

    /// Whether the task may end (again) now after `partCount` parts, and notes it; nil where that is not told.
    mutating func admitsEnd(partCount: Int?) -> Bool {
        guard owedEnds > 0 else { return false }
        if let partCount, let next, partCount > next { return false }
        owedEnds -= 1
        return true
    }

    /// Whether a part with `index` can come from an honest instance now, and notes it.
    mutating func admits(index: Int) -> Bool {
        guard let next, index < next else {
            guard next == nil || index == next else { return false }
            let start = acknowledged ?? index
            guard index - start < Self.window, index < limit else { return false }
            acknowledged = start
            self.next = index + 1
            replayed = nil
            return true
        }
        if index == replayed {
            replayed = index + 1
            return true
        }
        // Parts that were acknowledged meanwhile are left out at its beginning.
        let open = owedReplays.indices.filter { owedReplays[$0] <= index }
        guard let begun = open.max(by: { owedReplays[$0] < owedReplays[$1] }) else { return false }
        owedReplays.remove(at: begun)
        replayed = index + 1
        return true
    }
}

/// Tasks that an instance may still mention although the scheduler has forgotten them; the oldest go first. What was on
/// its way when they were forgotten is ignored; an instance that goes on about them is not honest.
struct ForgottenTasks: Sendable {
    /// More than the parts of one task that can be on their way.
    private static let mentionsPerTask = 2 * 4096
    private static let limit = 4096
    private var members: Set<TaskID> = []
    private var order: [TaskID] = []
    private var mentionsLeft = 0

    mutating func insert(_ task: TaskID) {
        guard members.insert(task).inserted else { return }
        order.append(task)
        mentionsLeft = min(mentionsLeft + Self.mentionsPerTask, Self.limit * Self.mentionsPerTask)
        if order.count > 2 * Self.limit {
            for old in order.prefix(Self.limit) { members.remove(old) }
            order.removeFirst(Self.limit)
        }
    }

    func contains(_ task: TaskID) -> Bool { members.contains(task) }

    /// Whether one of them may be mentioned once more, and notes it.
    mutating func admitsMention() -> Bool {
        mentionsLeft -= 1
        return mentionsLeft >= 0
    }

    mutating func remove(_ task: TaskID) { members.remove(task) }
}

extension ServingTask {
    /// More parts than its reply can have.
    var partLimit: Int {
        switch work {
        case .answer(_, let sampling):
            // An answer's last token may come in parts, so a little more than was asked for.
            sampling.maximumTokens.map { delivered + $0 + 16 } ?? TaskSubmission.Limits.generated
        case .embedding(let inputs, _): inputs.count
        case .tokenization, .detokenization: .max
        }
    }
}
