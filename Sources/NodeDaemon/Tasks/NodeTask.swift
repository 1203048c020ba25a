// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the node knows of a task that its scheduler has not released.
struct NodeTask: Sendable {
    /// Where a task is.
    ///
    /// - `waiting`: in its pool's queue. Goes to `running`.
    /// - `running`: an instance works on it. Goes to `over`.
    /// - `over`: at its end; the instance keeps the reply until the scheduler releases it.
    enum Place: Hashable, Sendable {
        case waiting
        case running(InstanceID)
        case over(InstanceID)
    }

    /// Whose task it is. Events go to the scheduler that claims it, and to nobody else: tokens without those before them
    /// would only be gaps.
    enum Claim: Hashable, Sendable {
        /// Submitted or resumed by this scheduler.
        case by(SchedulerID)
        /// The scheduler was replaced by a newer life of itself, which has not asked for the task.
        case abandoned(SchedulerID)
        /// Learned from an instance after a restart of the node's daemon; nobody has asked for it.
        case unknown
    }

    private(set) var pool: PoolKey
    private(set) var tenant: TenantName
    private(set) var tenantWeight: TenantWeight
    private(set) var serviceClass: ServiceClass
    /// The request that it belongs to, where that is known.
    private(set) var job: JobID?
    /// The task as it was submitted, until an instance has it; nil for one that was learned from an instance.
    private(set) var submission: ServingTask?
    private(set) var place: Place
    private(set) var claim: Claim
    let submittedAt: MonotonicTime
    /// When an instance got it.
    private(set) var assignedAt: MonotonicTime
    /// Whether no instance had room when it came.
    private(set) var hasWaited = false
    /// What it waited for an instance; 0 where one was warm or where this is not known.
    private(set) var startMicroseconds = 0
    /// Index that its next part had when its instance got it.
    private(set) var firstIndex = 0
    /// What its instance may say of it now.
    private(set) var replies: ReplySequence
    /// Its instance was asked to end it, for its scheduler or an administrator.
    private(set) var isCancelled = false
    /// Its place goes to another tenant as soon as the instance has ended it.
    private(set) var isPreempted = false

    /// One that was just submitted.
    init(_ task: ServingTask, pool: PoolKey, by scheduler: SchedulerID, now: MonotonicTime) {
        self.pool = pool
        (tenant, tenantWeight) = (task.tenant, task.tenantWeight)
        (serviceClass, job) = (task.serviceClass, task.job)
        submission = task
        place = .waiting
        claim = .by(scheduler)
        (submittedAt, assignedAt) = (now, now)
        firstIndex = task.delivered
        replies = ReplySequence(nextIndex: task.delivered, limit: task.partLimit)
    }

    /// One that an earlier daemon gave to an instance.
    init(learnedFrom instance: InstanceID, pool: PoolKey, now: MonotonicTime) {
        self.pool = pool
        (tenant, tenantWeight, serviceClass) = (.unknown, .one, .interactive)
        place = .running(instance)
        claim = .unknown
        (submittedAt, assignedAt) = (now, now)
        replies = ReplySequence(nextIndex: nil)
    }

    /// The instance that has it or its reply; nil while it waits.
    var instance: InstanceID? {
        switch place {
        case .waiting: nil
        case .running(let instance), .over(let instance): instance
        }
    }

    var isOver: Bool {
        if case .over = place { return true }
        return false
    }

    /// Who hears of it; nil: nobody.
    var listener: SchedulerID? {
        if case .by(let scheduler) = claim { return scheduler }
        return nil
    }

    /// Parts that its present instance has made: what is lost where another one must begin anew.
    var progress: Int { max(0, (replies.nextIndex ?? firstIndex) - firstIndex) }
}

// MARK: - Changes, for its table alone

extension NodeTask {
    /// An instance gets it; answers with what is to be sent. nil where it does not wait.
    mutating func assign(to instance: InstanceID, now: MonotonicTime) -> ServingTask? {
        guard place == .waiting, let submission else { return nil }
        place = .running(instance)
        self.submission = nil
        assignedAt = now
        if hasWaited { startMicroseconds = now.microseconds(since: submittedAt) }
        return submission
    }

    /// No instance had room for it when it came.
    mutating func noteWait() {
        hasWaited = true
    }

    /// Its name has other content now; false where it cannot go on with another content than it began with.
    mutating func redirect(to content: String) -> Bool {
        guard submission?.digest.map({ $0 == content }) ?? true else { return false }
        pool.content = content
        return true
    }

    /// It has come to its end where it runs.
    mutating func end() {
        if case .running(let instance) = place { place = .over(instance) }
    }

    /// Its events go to this scheduler from now on, or to nobody.
    mutating func setClaim(_ claim: Claim) {
        self.claim = claim
    }

    /// Whose it is, which an instance could not tell.
    mutating func identify(by submission: ServingTask) {
        (tenant, tenantWeight) = (submission.tenant, submission.tenantWeight)
        (serviceClass, job) = (submission.serviceClass, submission.job)
    }

    mutating func noteCancellation() {
        isCancelled = true
    }

    mutating func setPreempted(_ isPreempted: Bool) {
        self.isPreempted = isPreempted
    }

    /// Changes what its instance may say, by that sequence's own verbs.
    mutating func changeReplies<Result>(_ change: (inout ReplySequence) -> Result) -> Result { change(&replies) }
}

extension TenantName {
    /// Whose tasks were learned from an instance that does not know; `-` is no tenant's name elsewhere.
    static let unknown = TenantName("-") ?? TenantName(userID: .max)
}
