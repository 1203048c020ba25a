// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What can happen to a job from outside its executor.
enum JobMessage: Sendable {
    /// It may run.
    case admitted
    /// A node told something of one of its tasks.
    case task(TaskID, TaskEvent)
    /// The node no longer has the task, or is away for too long.
    case taskGone(TaskID, reason: String)
    /// More came for it than its window allows.
    case flooded
    /// A node, or a node's models, came or went: what could not be placed may be placed now.
    case clusterChanged
    /// The wait before another try is over.
    case retry
    /// Time passes: posted every few seconds, one at most in the box.
    case tick
    /// Someone ended it.
    case ended(JobFailure)
}

/// Where nodes, the gate and administrators put what a job's executor must know.
typealias JobChannel = BoundedChannel<JobMessage>

extension BoundedChannel where Message == JobMessage {
    /// Room for an instance's whole window of tokens that nobody has acknowledged, four times over.
    static func forJob() -> JobChannel { JobChannel(limit: 4096) }

    /// Puts a task's event in, or, where that has no room, the word of it.
    func deliver(_ task: TaskID, _ event: TaskEvent) {
        if !post(.task(task, event)) { post(.flooded, isUrgent: true) }
    }
}
