// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// How an instance is stopped: steps in their order, each with the time that it may take. The last one is a kill, so
/// that every stop comes to its end.
struct StopPlan: Hashable {
    /// What is done, and how long its effect is waited for.
    enum Step: Hashable {
        /// It takes no more tasks and exits after those it has. The time runs from its last task's end; `within` bounds
        /// the tasks, too.
        case drain(exitSeconds: Int, within: Int?)
        /// Its tasks are ended; it exits after them.
        case cancelTasks(exitSeconds: Int)
        case kill
    }

    let steps: [Step]

    /// Tasks take as long as they take, then so many seconds for the exit.
    static func graceful(exitSeconds: Int) -> StopPlan {
        StopPlan(steps: [.drain(exitSeconds: exitSeconds, within: nil), .kill])
    }

    /// Tasks have so many seconds, are then cancelled, then the exit has its own.
    static func bounded(seconds: Int, exitSeconds: Int) -> StopPlan {
        StopPlan(
            steps: [
                .drain(exitSeconds: exitSeconds, within: seconds), .cancelTasks(exitSeconds: exitSeconds), .kill,
            ])
    }
}

/// An instance on its way through a plan.
struct StopProgress: Hashable {
    private let plan: StopPlan
    private var position = 0
    /// When the next step comes; nil while only the end of its tasks can bring something.
    private(set) var deadline: MonotonicTime?

    /// At the plan's first step.
    init(_ plan: StopPlan, hasTasks: Bool, now: MonotonicTime) {
        self.plan = plan
        setDeadline(hasTasks: hasTasks, now: now)
    }

    /// What is being done.
    var step: StopPlan.Step { position < plan.steps.count ? plan.steps[position] : .kill }

    /// Its last task has ended.
    mutating func tasksEnded(now: MonotonicTime) {
        setDeadline(hasTasks: false, now: now)
    }

    /// The deadline has passed: on to the next step.
    mutating func advance(hasTasks: Bool, now: MonotonicTime) {
        position += 1
        setDeadline(hasTasks: hasTasks, now: now)
    }

    private mutating func setDeadline(hasTasks: Bool, now: MonotonicTime) {
        switch step {
        case .drain(let exit, let within):
            deadline = hasTasks ? within.map { now.adding(seconds: $0) } : now.adding(seconds: exit)
        case .cancelTasks(let exit): deadline = now.adding(seconds: exit)
        case .kill: deadline = nil
        }
    }
}
