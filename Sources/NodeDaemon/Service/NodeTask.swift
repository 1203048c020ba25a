// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
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
    /// Index that its next new token must have; nil until the first one of a task that was learned from an instance.
    var nextIndex: Int?
    var isOver = false
    /// Learned from an instance and not asked for by the scheduler since: its events are not passed on, since tokens
    /// without those before them would only be gaps.
    var isUnclaimed = false

    /// Whether a token with `index` can come from an honest instance, and notes it: repetitions after a replay are
    /// fine, gaps are not.
    mutating func admits(index: Int) -> Bool {
        guard let next = nextIndex else {
            nextIndex = index + 1
            return true
        }
        guard index <= next else { return false }
        nextIndex = max(next, index + 1)
        return true
    }
}

/// Tasks that an instance may still mention although the scheduler has forgotten them; the oldest go first.
struct ForgottenTasks: Sendable {
    private static let limit = 4096
    private var members: Set<TaskID> = []
    private var order: [TaskID] = []

    mutating func insert(_ task: TaskID) {
        guard members.insert(task).inserted else { return }
        order.append(task)
        if order.count > 2 * Self.limit {
            for old in order.prefix(Self.limit) { members.remove(old) }
            order.removeFirst(Self.limit)
        }
    }

    func contains(_ task: TaskID) -> Bool { members.contains(task) }

    mutating func remove(_ task: TaskID) { members.remove(task) }
}
