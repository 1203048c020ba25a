// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Everything that the node knows of one instance but its tasks, which are the `TaskTable`'s.
struct PooledInstance: Sendable {
    /// Where an instance stands; one that has exited has no record.
    ///
    /// - `forked`: ordered. Goes to `specialising` when the keeper has its process.
    /// - `specialising`: its process confines itself and maps its memory. Goes to `ready` with its first answer.
    /// - `attaching`: found at a keeper, has not named its tasks yet. Goes to `ready`.
    /// - `ready`: takes tasks; busy while it has some. Goes to `draining`.
    /// - `draining`: on its way through a `StopPlan`, also from any phase above.
    enum Phase: Hashable, Sendable {
        case forked(deadline: MonotonicTime)
        case specialising(deadline: MonotonicTime)
        case attaching(deadline: MonotonicTime)
        case ready
        case draining(StopProgress)
    }

    /// Why the node has it killed.
    enum KillCause: Hashable, Sendable {
        /// It sent what no honest instance sends, hangs, or was not ready in time.
        case misbehaviour
        /// It was to go, and its time was over.
        case stop
    }

    let pool: PoolKey
    /// The model's name that it was started for; listings show it.
    let name: ModelName
    let template: TemplateID
    private(set) var phase: Phase
    /// nil until its kill is ordered.
    private(set) var killCause: KillCause?
    /// Tasks that it was given since it is known here.
    private(set) var tasksServed = 0
    /// When its last task ended.
    private(set) var idleSince: MonotonicTime

    // MARK: What keeper and instance say of it

    private(set) var processID: Int32 = 0
    /// nil until its fork is ordered, or its keeper names it.
    private(set) var settings: InstanceSettings?
    /// When its fork was ordered; nil for one that was found.
    private(set) var orderedAt: MonotonicTime?
    /// Seconds since 1970.
    private(set) var startedAt: Double = 0
    /// The start of its template, where it waited for that.
    private(set) var templateStages: StartStages?
    /// When the keeper had made what it needs.
    private(set) var preparedAt: MonotonicTime?
    /// What it said of its start.
    private(set) var start: FromInstance.InstanceStart?
    /// How long its start took, once it is ready.
    private(set) var stages: StartStages?
    private var owed = OwedReplies()

    // MARK: Signs of life

    /// When it last said something, or got the first task of those it has.
    private(set) var lastActivityAt: MonotonicTime
    /// When it was asked for a sign of life; nil where no answer is due.
    private(set) var pingedAt: MonotonicTime?
    /// How far its ranks were when it last answered; nil where they had nothing to compute.
    private(set) var progress: UInt64?
    /// When it was last seen to get on.
    private(set) var progressedAt: MonotonicTime

    init(pool: PoolKey, name: ModelName, template: TemplateID, phase: Phase, now: MonotonicTime) {
        self.pool = pool
        self.name = name
        self.template = template
        self.phase = phase
        (idleSince, lastActivityAt, progressedAt) = (now, now, now)
    }

    var isKilling: Bool { killCause != nil }

    /// Serves or will: neither draining nor to be killed.
    var isStaying: Bool { !isKilling && !isDraining }

    /// Takes no more tasks and is to exit.
    var isDraining: Bool {
        if case .draining = phase { return true }
        return false
    }

    /// Was ordered here and has not answered yet.
    var isStarting: Bool {
        switch phase {
        case .forked, .specialising: true
        case .attaching, .ready, .draining: false
        }
    }

    /// Found at a keeper, has not named its tasks yet.
    var isAttaching: Bool {
        if case .attaching = phase { return true }
        return false
    }

    /// Will take tasks soon.
    var isComing: Bool { (isStarting || isAttaching) && !isKilling }

    /// Takes tasks now, as far as it has places.
    var isOpen: Bool { phase == .ready && !isKilling }

    /// When its silence has lasted long enough to ask, or, once asked, to end it; nil without tasks.
    func silenceDeadline(_ limits: PoolLimits, hasTasks: Bool) -> MonotonicTime? {
        guard hasTasks, !isKilling else { return nil }
        if let pingedAt { return pingedAt.adding(seconds: limits.answerSeconds) }
        return lastActivityAt.adding(seconds: limits.silenceSeconds)
    }

    /// As listings name it.
    func state(hasTasks: Bool) -> InstanceState {
        switch phase {
        case .forked: .forked
        case .specialising, .attaching: .specialising
        case .ready: isKilling ? .draining : hasTasks ? .busy : .ready
        case .draining: .draining
        }
    }
}

// MARK: - Changes

extension PooledInstance {
    /// Its fork is being ordered, with these settings.
    mutating func beginFork(
        _ settings: InstanceSettings, after templateStages: StartStages?, startedAt: Double, now: MonotonicTime
    ) {
        self.settings = settings
        self.templateStages = templateStages
        self.startedAt = startedAt
        orderedAt = now
    }

    /// The keeper has its process. What was ordered here is known better here.
    mutating func run(_ running: FromKeeper.RunningInstance, startedAt found: Double) {
        processID = running.processID
        preparedAt = running.preparedAt
        if settings == nil {
            settings = running.settings
            startedAt = found
        }
        if case .forked(let deadline) = phase { phase = .specialising(deadline: deadline) }
    }

    /// It takes tasks from now on.
    mutating func becomeReady(now: MonotonicTime) {
        phase = .ready
        idleSince = now
    }

    /// It goes its way through `progress`.
    mutating func drain(_ progress: StopProgress) {
        phase = .draining(progress)
    }

    /// Its kill is being ordered.
    mutating func kill(_ cause: KillCause) {
        killCause = killCause ?? cause
    }

    /// It gets a task. With the first one the watch begins; a later one must not begin it anew, or a steady flow of
    /// requests would keep a dead instance.
    mutating func takeTask(hasOthers: Bool, now: MonotonicTime) {
        tasksServed += 1
        if !hasOthers { noteActivity(now: now) }
    }

    /// One of its tasks has ended.
    mutating func taskEnded(isLast: Bool, now: MonotonicTime) {
        idleSince = now
        guard isLast, case .draining(var progress) = phase else { return }
        progress.tasksEnded(now: now)
        phase = .draining(progress)
    }

    /// Whether it may say this now; what it says is noted as a sign of life.
    mutating func receive(_ message: FromInstance, now: MonotonicTime) -> Bool {
        guard owed.admits(message) else { return false }
        switch message {
        // It does not show that the instance gets on.
        case .pong(_, _, let progress): notePong(progress: progress, now: now)
        case .ready(let start):
            noteActivity(now: now)
            noteStart(start)
        default: noteActivity(now: now)
        }
        return true
    }

    /// It is being pinged because it was silent.
    mutating func notePing(now: MonotonicTime) {
        pingedAt = now
        owed.expectPong()
    }

    /// It has said anything but an answer to a ping: it gets on.
    mutating func noteActivity(now: MonotonicTime) {
        lastActivityAt = now
        pingedAt = nil
        progressedAt = now
    }

    /// It has answered a ping, and its ranks are at `progress`; nil: they have nothing to compute.
    mutating func notePong(progress: UInt64?, now: MonotonicTime) {
        lastActivityAt = now
        pingedAt = nil
        if progress == nil || progress != self.progress { progressedAt = now }
        self.progress = progress
    }

    /// It told what its start took.
    mutating func noteStart(_ start: FromInstance.InstanceStart) {
        self.start = start
    }

    /// It has answered for the first time. It may say anything of its own part of the start: what it says is cut to the
    /// time that really passed.
    mutating func noteFirstPong(at time: MonotonicTime) {
        guard let orderedAt, let start else { return }
        let prepared = min(max(preparedAt ?? orderedAt, orderedAt), time)
        let born = min(max(start.bornAt, prepared), time)
        var rest = time.microseconds(since: born)
        func share(_ microseconds: Int) -> Int {
            let share = min(max(0, microseconds), rest)
            rest -= share
            return share
        }
        let (mapping, sandbox) = (share(start.mappingMicroseconds), share(start.sandboxMicroseconds))
        let ranks = share(start.ranksMicroseconds)
        let own = StartStages(
            scalerPre: prepared.microseconds(since: orderedAt), tePreLoad: born.microseconds(since: prepared) + sandbox,
            teLoad: mapping, tePostLoad: ranks, scalerPost: rest)
        stages = templateStages.map { own.following($0) } ?? own
    }
}
