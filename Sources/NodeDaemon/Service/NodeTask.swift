// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// What the daemon knows of a task that the scheduler has not released.
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
