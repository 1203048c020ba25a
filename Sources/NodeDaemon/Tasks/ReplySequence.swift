// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The sequence in which an honest instance tells a task's reply: accepted once, then its parts by index without a gap, and
/// again from an index when a replay was asked for. One that was taken over could otherwise repeat itself for ever, at
/// the cost of everybody who listens.
struct ReplySequence: Sendable {
    /// Parts that may be told beyond what was acknowledged: more than an honest engine's window, and than the inputs of
    /// one request for vectors.
    static let window = 4096
    /// Replays that can be owed at once; more asked for, the oldest are taken as delivered.
    private static let replayLimit = 64

    /// Index that the next new part must have; nil until the first one of a task that was learned from an instance.
    private(set) var nextIndex: Int?
    private var acknowledged: Int?
    /// Index that no part may have.
    private let limit: Int
    /// Where replays begin that were asked for and have not begun.
    private var owedReplays: [Int]
    /// Next index of the replay that is under way.
    private var replayed: Int?
    /// A replay was asked for whose end has not come.
    private(set) var owesEnd = false
    private var acceptances = Allowance(2)
    private var ends = Allowance(2)

    /// A submission may find an earlier attempt at its instance, which then tells all of it: as a replay from 0.
    init(nextIndex: Int?, limit: Int = .max) {
        self.nextIndex = nextIndex
        self.limit = limit
        acknowledged = nextIndex
        owedReplays = [0]
    }

    /// A replay from `index` on was asked for.
    mutating func expectReplay(from index: Int) {
        if owedReplays.count == Self.replayLimit { owedReplays.removeFirst() }
        owedReplays.append(index)
        acceptances.add(1)
        ends.add(1)
        owesEnd = true
    }

    /// Whoever listens has all parts below `index`.
    mutating func acknowledge(_ index: Int) {
        guard let nextIndex, index <= nextIndex else { return }
        acknowledged = max(acknowledged ?? 0, index)
    }

    /// Whether the task may be accepted (again) now, and notes it.
    mutating func admitsAcceptance() -> Bool { acceptances.take() }

    /// Whether the task may end (again) now after `partCount` parts, and notes it; nil where that is not told.
    mutating func admitsEnd(partCount: Int?) -> Bool {
        if let partCount, let nextIndex, partCount > nextIndex { return false }
        owesEnd = false
        return ends.take()
    }

    /// Parts that were told and not acknowledged: a reader who takes nothing has a whole window of them.
    var unacknowledged: Int { max(0, (nextIndex ?? 0) - (acknowledged ?? nextIndex ?? 0)) }

    /// Whether a part with `index` can come from an honest instance now, and notes it.
    mutating func admits(index: Int) -> Bool {
        guard let nextIndex, index < nextIndex else {
            guard nextIndex == nil || index == nextIndex else { return false }
            let start = acknowledged ?? index
            guard index - start < Self.window, index < limit else { return false }
            acknowledged = start
            self.nextIndex = index + 1
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

extension ServingTask {
    /// More parts than its reply can have.
    var partLimit: Int {
        let largest = TaskSubmission.Limits.generated
        return switch work {
        case .answer(_, let sampling):
            // A bound and not a count: a few more are let pass, but never beyond what numbers hold.
            sampling.maximumTokens.map { min(delivered, largest) + min($0, largest) + 16 } ?? largest
        case .embedding(let inputs, _): inputs.count
        case .tokenization, .detokenization: .max
        }
    }
}
