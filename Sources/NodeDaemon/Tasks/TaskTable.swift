// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The node's tasks, their sole owner: which there are, whose they are, which instance has which, what each instance may
/// still say of them, and how places are shared. Decides nothing; every verb keeps its indices together.
struct TaskTable: Sendable {
    /// Tasks at their end that are kept for a scheduler which may ask for them again.
    private static let endedLimit = 4096

    private var records: [TaskID: NodeTask] = [:]
    private var running: [InstanceID: Set<TaskID>] = [:]
    private var over: [InstanceID: Set<TaskID>] = [:]
    private var cancelled: [InstanceID: [TaskID: MonotonicTime]] = [:]
    private var released: [InstanceID: ReleasedTasks] = [:]
    /// At their end, oldest first; may name some that were released since.
    private var ended: [TaskID] = []
    /// Places that tenants hold, by pool; without those that are being given back.
    private(set) var shares: [PoolKey: [TenantName: Int]] = [:]
    /// Places that are being given back by preempted tasks, by pool.
    private(set) var preempted: [PoolKey: Int] = [:]
    /// Tasks that are not over.
    private(set) var activeCount = 0
    /// Grows when an instance gets its first task or ends its last: listings show that.
    private(set) var revision: UInt64 = 0

    subscript(task: TaskID) -> NodeTask? { records[task] }

    /// All of them, in no order.
    var all: [TaskID: NodeTask] { records }

    /// Tasks that an instance works on.
    func running(at instance: InstanceID) -> Set<TaskID> { running[instance] ?? [] }

    /// The same in an order that does not change from run to run.
    func sorted(at instance: InstanceID) -> [TaskID] { running(at: instance).sorted { $0.rawValue < $1.rawValue } }

    /// How many tasks an instance works on.
    func count(at instance: InstanceID) -> Int { running[instance]?.count ?? 0 }

    /// When the first of an instance's cancelled tasks was cancelled.
    func firstCancellation(at instance: InstanceID) -> MonotonicTime? { cancelled[instance]?.values.min() }
}

// MARK: - From submission to end

extension TaskTable {
    /// A task that waits.
    mutating func add(_ task: TaskID, _ record: NodeTask) {
        records[task] = record
        activeCount += 1
    }

    /// No instance had room for it when it came.
    mutating func noteWait(_ task: TaskID) {
        records[task]?.noteWait()
    }

    /// A waiting task's name has other content now; answers with its pool there. nil where it cannot go on with another
    /// content than it began with.
    mutating func redirect(_ task: TaskID, to content: String) -> PoolKey? {
        records[task]?.redirect(to: content) == true ? records[task]?.pool : nil
    }

    /// An instance gets a task that waits; nil where it does not wait. Answers with what is to be sent.
    mutating func assign(_ task: TaskID, to instance: InstanceID, now: MonotonicTime) -> ServingTask? {
        guard let record = records[task], let submission = records[task]?.assign(to: instance, now: now) else {
            return nil
        }
        released[instance]?.remove(task)
        begin(task, record, at: instance)
        return submission
    }

    /// Takes over a task that an earlier daemon gave to an instance; false where that has named more than it can have.
    mutating func learn(_ task: TaskID, from instance: InstanceID, of pool: PoolKey, now: MonotonicTime) -> Bool {
        guard count(at: instance) + (over[instance]?.count ?? 0) < FromInstance.Limits.attachedTasks else {
            return false
        }
        let record = NodeTask(learnedFrom: instance, pool: pool, now: now)
        records[task] = record
        activeCount += 1
        begin(task, record, at: instance)
        return true
    }

    private mutating func begin(_ task: TaskID, _ record: NodeTask, at instance: InstanceID) {
        if running[instance, default: []].isEmpty { revision += 1 }
        running[instance, default: []].insert(task)
        shares[record.pool, default: [:]][record.tenant, default: 0] += 1
    }

    /// A task has come to its end at its instance, which keeps it until the scheduler releases it. Answers with tasks that
    /// are kept no longer, and are to be released as if their scheduler had.
    mutating func end(_ task: TaskID) -> [TaskID] {
        guard let record = records[task], case .running(let instance) = record.place else { return [] }
        leave(task, record, instance)
        records[task]?.end()
        over[instance, default: []].insert(task)
        activeCount -= 1
        ended.append(task)
        guard ended.count > Self.endedLimit else { return [] }
        let oldest = ended.removeFirst()
        return records[oldest]?.isOver == true ? [oldest] : []
    }

    /// Its scheduler is done with it: drops it, and remembers for a while that its instance may still mention it.
    mutating func release(_ task: TaskID) -> NodeTask? {
        guard let record = remove(task) else { return nil }
        if let instance = record.instance { released[instance, default: ReleasedTasks()].insert(task) }
        return record
    }

    /// Drops a task that waited, or whose instance is gone.
    mutating func remove(_ task: TaskID) -> NodeTask? {
        guard let record = records.removeValue(forKey: task) else { return nil }
        switch record.place {
        case .waiting: activeCount -= 1
        case .running(let instance):
            activeCount -= 1
            leave(task, record, instance)
        case .over(let instance):
            over[instance]?.remove(task)
            if over[instance]?.isEmpty == true { over[instance] = nil }
        }
        return record
    }

    private mutating func leave(_ task: TaskID, _ record: NodeTask, _ instance: InstanceID) {
        running[instance]?.remove(task)
        if running[instance]?.isEmpty == true {
            running[instance] = nil
            revision += 1
        }
        cancelled[instance]?[task] = nil
        if cancelled[instance]?.isEmpty == true { cancelled[instance] = nil }
        if record.isPreempted { givenBack(record.pool) } else { lower(record.pool, record.tenant) }
    }

    private mutating func lower(_ pool: PoolKey, _ tenant: TenantName) {
        let left = (shares[pool]?[tenant] ?? 0) - 1
        shares[pool]?[tenant] = left > 0 ? left : nil
        if shares[pool]?.isEmpty == true { shares[pool] = nil }
    }

    private mutating func givenBack(_ pool: PoolKey) {
        let left = (preempted[pool] ?? 0) - 1
        preempted[pool] = left > 0 ? left : nil
    }

    /// Tasks that an instance has ended and was asked to tell again, and has not: whoever asked waits for that.
    func owingEnds(at instance: InstanceID) -> [TaskID] {
        (over[instance] ?? []).filter { records[$0]?.replies.owesEnd == true }.sorted { $0.rawValue < $1.rawValue }
    }

    /// An instance has no record any more: what it kept of ended tasks is gone with it. Its running tasks must have been
    /// removed before.
    mutating func releaseInstance(_ instance: InstanceID) {
        for task in over[instance] ?? [] { records[task] = nil }
        over[instance] = nil
        released[instance] = nil
    }
}

// MARK: - Claims, cancellations, preemption

extension TaskTable {
    /// A scheduler wants the task's events; `submission` where it sent the task again, which says whose it is.
    mutating func claim(_ task: TaskID, by scheduler: SchedulerID, submission: ServingTask? = nil) {
        guard let record = records[task] else { return }
        records[task]?.setClaim(.by(scheduler))
        guard let submission, record.tenant == .unknown else { return }
        if case .running = record.place, !record.isPreempted {
            lower(record.pool, record.tenant)
            shares[record.pool, default: [:]][submission.tenant, default: 0] += 1
        }
        records[task]?.identify(by: submission)
    }

    /// The scheduler was replaced by a newer life of itself, which has to ask for what it wants.
    mutating func abandon(by scheduler: SchedulerID) {
        for (task, record) in records where record.claim == .by(scheduler) {
            records[task]?.setClaim(.abandoned(scheduler))
        }
    }

    /// Tasks with this claim, in an order that does not change from run to run.
    func tasks(_ claim: NodeTask.Claim) -> [TaskID] {
        records.filter { $0.value.claim == claim }.keys.sorted { $0.rawValue < $1.rawValue }
    }

    /// A running task was cancelled at its instance, which has to end it. The first time counts.
    mutating func noteCancellation(_ task: TaskID, now: MonotonicTime) {
        records[task]?.noteCancellation()
        noteEnding(task, now: now)
    }

    /// A running task is being ended at its instance, which has to do it in time.
    private mutating func noteEnding(_ task: TaskID, now: MonotonicTime) {
        guard case .running(let instance)? = records[task]?.place, cancelled[instance]?[task] == nil else { return }
        cancelled[instance, default: [:]][task] = now
    }

    /// A running task gives its place to another tenant: it counts for nobody from now on.
    mutating func preempt(_ task: TaskID, now: MonotonicTime) {
        guard let record = records[task], case .running = record.place, !record.isPreempted else { return }
        records[task]?.setPreempted(true)
        lower(record.pool, record.tenant)
        preempted[record.pool, default: 0] += 1
        noteEnding(task, now: now)
    }

    /// A preempted task's scheduler does not want it any more either: it ends as cancelled.
    mutating func endPreemption(_ task: TaskID) {
        guard let record = records[task], record.isPreempted else { return }
        records[task]?.setPreempted(false)
        givenBack(record.pool)
        shares[record.pool, default: [:]][record.tenant, default: 0] += 1
    }
}

// MARK: - What an instance may say

extension TaskTable {
    /// What an instance says of a task.
    enum Word {
        /// That it has it.
        case mention
        case acceptance
        /// The part with this index.
        case part(Int)
        /// That it is over, after so many parts.
        case end(partCount: Int)
        case failure(TaskFailure)
    }

    /// What is to be done about a word.
    enum Judgement: Hashable {
        case believed
        /// It was on its way when the scheduler released the task.
        case ignored
        /// No honest instance says so: why, in words.
        case refused(String)
    }

    /// What an instance may say of a task's failure: the other ones are the node's to tell, and some have the task sent
    /// again for ever.
    private static let ownFailures: Set<TaskFailure> = [
        .contextLengthExceeded, .invalidRequest, .overloaded, .internalError, .instanceLost,
    ]

    /// Judges a word, and notes it where that is bounded. `learning` is the instance's pool while it may name tasks that an
    /// earlier daemon gave it.
    mutating func judge(
        _ word: Word, of task: TaskID, from instance: InstanceID, learning pool: PoolKey?, now: MonotonicTime
    ) -> Judgement {
        if records[task]?.instance != instance {
            if released[instance]?.contains(task) == true {
                return released[instance]?.admitsMention() == true ? .ignored : .refused("it goes on about \(task)")
            }
            guard records[task] == nil, let pool else { return .refused("it spoke of \(task), which it does not have") }
            guard learn(task, from: instance, of: pool, now: now) else {
                return .refused("it spoke of more tasks than an instance can have")
            }
        }
        switch word {
        case .mention: return .believed
        case .acceptance:
            return records[task]?.changeReplies { $0.admitsAcceptance() } == true
                ? .believed : .refused("it accepted \(task) more than once")
        case .part(let index):
            return records[task]?.changeReplies { $0.admits(index: index) } == true
                ? .believed : .refused("it skipped or repeated parts of \(task), or told more than was asked for")
        case .end(let count): return judgeEnd(of: task, partCount: count)
        case .failure(let failure):
            guard Self.ownFailures.contains(failure) else {
                return .refused("it told a failure that is not an instance's to tell")
            }
            return judgeEnd(of: task, partCount: nil)
        }
    }

    private mutating func judgeEnd(of task: TaskID, partCount: Int?) -> Judgement {
        records[task]?.changeReplies { $0.admitsEnd(partCount: partCount) } == true
            ? .believed : .refused("it ended \(task) more than once, or after more parts than it told")
    }

    /// Its instance is being asked to tell the reply again from `index` on.
    mutating func expectReplay(of task: TaskID, from index: Int) {
        records[task]?.changeReplies { $0.expectReplay(from: index) }
    }

    /// Its scheduler has the parts below `index`.
    mutating func acknowledge(_ task: TaskID, below index: Int) {
        records[task]?.changeReplies { $0.acknowledge(index) }
    }
}
