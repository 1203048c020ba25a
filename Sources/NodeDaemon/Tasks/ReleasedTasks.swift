// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// Tasks that an instance may still mention although the scheduler has released them; the oldest go first. What was on
/// its way when they were released is ignored; an instance that goes on about them is not honest.
struct ReleasedTasks: Sendable {
    /// More than the parts of one task that can be on their way.
    private static let mentionsPerTask = 2 * ReplySequence.window
    private static let limit = 4096
    private var members: Set<TaskID> = []
    private var order: [TaskID] = []
    private var mentions = Allowance(0)

    mutating func insert(_ task: TaskID) {
        guard members.insert(task).inserted else { return }
        order.append(task)
        mentions.add(Self.mentionsPerTask, upTo: Self.limit * Self.mentionsPerTask)
        if order.count > 2 * Self.limit {
            for old in order.prefix(Self.limit) { members.remove(old) }
            order.removeFirst(Self.limit)
        }
    }

    func contains(_ task: TaskID) -> Bool { members.contains(task) }

    /// Whether one of them may be mentioned once more, and notes it.
    mutating func admitsMention() -> Bool { mentions.take() }

    mutating func remove(_ task: TaskID) { members.remove(task) }
}
