// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What follows from an event of `InstancePool`.
enum PoolAction: Hashable, Sendable {
    case startTemplate(TemplateID, TemplateLabel)
    case stopTemplate(TemplateID)
    case fork([InstanceID], template: TemplateID, PoolKey)
    case drain(InstanceID)
    case cancelTasks(InstanceID, [TaskID])
    case ping(InstanceID)
    case kill(InstanceID, reason: String)
    /// Its process is gone, or it is not known here: nobody needs to keep anything of it.
    case releaseInstance(InstanceID)
    case assign(ServingTask, InstanceID)
    /// Its instance is to end the task, and its scheduler to send it again.
    case preempt(TaskID, InstanceID)
    /// A task cannot be served; nothing of it is kept. Its scheduler is told, where one listens.
    case fail(TaskID, TaskFailure, message: String, to: SchedulerID?)
    /// The pool's last instance is gone, and its KV memory with it.
    case cleared(PoolKey)
}

/// What became of a submitted task.
enum PoolAdmission: Hashable {
    case admitted([PoolAction])
    /// Too many wait already.
    case overloaded
    /// No instance of the model can be started; why the last one could not.
    case broken(message: String)
}

/// The numbers by which `InstancePool` decides.
struct PoolLimits: Sendable {
    var instancesPerModel: Int
    var tasksPerInstance: Int
    /// Tasks of one pool that may wait.
    var waitingTasks = 1024
    /// Seconds without a task before an instance ends; nil keeps it.
    var idleSeconds: Int?
    /// Seconds from the order to a ready instance.
    var startSeconds = 30
    /// Seconds from the order to a ready template, which reads all of its artefact once.
    var templateSeconds = 300
    /// Seconds that a drained instance has to exit.
    var drainSeconds = 10
    /// Seconds without a word after which an instance with tasks is asked for one.
    var silenceSeconds = 2
    /// Seconds that it then has to answer.
    var answerSeconds = 10
    /// Seconds in which an instance that computes must have taken a piece of work: a hundred times what the largest
    /// piece takes.
    var stallSeconds = 30
    /// Seconds that a task may take to end when it was cancelled: many times a step.
    var cancellationSeconds = 60
    /// What a task runs at least before its place is given to another tenant.
    var minimumRunMilliseconds = 500
    /// What lies between two preemptions of a pool.
    var preemptionPauseMilliseconds = 20

    /// Unacknowledged parts at which an engine stands still for its reader.
    static let readerWindow = 1024
}
