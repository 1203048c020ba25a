// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// Templates and instances, and what may become of them: the protocol of a template with its keeper, checked. It knows
/// processes by number only and calls nothing, so that any history can be tried.
struct ProcessTable {
    /// Templates by a number that the keeper gives at their start and never again: a pre-warmed one has no name.
    private(set) var templates: [Int: SupervisedTemplate] = [:]
    private(set) var instances: [InstanceID: SupervisedInstance] = [:]
    /// Everything was told to end.
    private(set) var isRetiring = false
    private var prewarming = PrewarmedTemplates()
    private var sandbox = SandboxKnowledge()

    /// The number of a template that the daemon named.
    func number(of id: TemplateID) -> Int? {
        templates.first { $0.value.model?.id == id }?.key
    }

    /// Templates that wait for a model and are not ending, the one first that a model gets.
    var prewarmed: [Int] {
        let starting = templates.filter { $0.value.isPrewarmed && !$0.value.isWaiting }
        return templates.filter(\.value.isWaiting).keys.sorted() + starting.keys.sorted()
    }

    /// When the next one should be started; nil where there are enough.
    var prewarmingDue: MonotonicTime? {
        isRetiring ? nil : prewarming.dueAt(count: prewarmed.count)
    }

    /// How many of them are so far that a model can be given to them.
    private var prewarmedCount: FromKeeper {
        .prewarmed(templates.values.count(where: \.isWaiting))
    }

    var hasInstances: Bool { instances.values.contains { !$0.hasEnded } }

    /// Processes that have not ended.
    var processes: [Int32] {
        templates.values.filter { !$0.hasEnded }.map(\.process)
            + instances.values.filter { !$0.hasEnded }.compactMap(\.process)
    }

    /// Whose a process is that has not ended.
    enum Owner: Hashable {
        case template(Int)
        case instance(InstanceID)
    }

    func owner(where isTheOne: (Int32) -> Bool) -> Owner? {
        if let template = templates.first(where: { !$0.value.hasEnded && isTheOne($0.value.process) }) {
            return .template(template.key)
        }
        let instance = instances.first { !$0.value.hasEnded && $0.value.process.map(isTheOne) == true }
        return instance.map { .instance($0.key) }
    }

    /// Whether a template's process has ended.
    func hasEnded(_ number: Int) -> Bool { templates[number]?.hasEnded != false }

    // MARK: Templates

    /// A template's process was started.
    mutating func add(_ template: SupervisedTemplate, as number: Int) {
        templates[number] = template
    }

    /// So many are to wait.
    mutating func keepPrewarmed(_ count: Int) -> [KeeperEffect] {
        prewarming.want(count)
        return killSurplus() + [.send(prewarmedCount)]
    }

    /// Kills pre-warmed templates that nobody wants, which the first one is where the daemon wants none; but not before
    /// they have told of their sandbox.
    private mutating func killSurplus() -> [KeeperEffect] {
        prewarmed.dropFirst(prewarming.wanted).filter { templates[$0]?.isWaiting == true }.flatMap { killTemplate($0) }
    }

    /// One could not be started.
    mutating func prewarmingFailed(_ reason: String) -> [KeeperEffect] {
        prewarming.noteFailure()
        return [.log("a pre-warmed template cannot be started: \(reason)")] + sandbox.noteFailure(reason)
    }

    /// A pre-warmed template becomes that of a model.
    mutating func assign(_ number: Int, to id: TemplateID, key: String, at now: MonotonicTime) -> [KeeperEffect] {
        guard let template = templates[number] else { return [] }
        prewarming.noteOrder(at: now)
        templates[number]?.model = (id, key)
        templates[number]?.orderedAt = now
        return (template.isWaiting ? [.send(prewarmedCount)] : [])
            + [tell(number, .templateStarting(id, model: key, processID: template.process))]
    }

    private mutating func tell(_ number: Int, _ event: FromKeeper) -> KeeperEffect {
        templates[number]?.told.append(event)
        return .send(event)
    }

    /// The reason is the first that there was.
    mutating func killTemplate(_ number: Int, for reason: ProcessEnd = .killedByOrder) -> [KeeperEffect] {
        guard let template = templates[number], !template.hasEnded else { return [] }
        templates[number]?.killedFor = template.killedFor ?? reason
        return [.closeChannel(number), .kill(template.process)]
    }

    /// Ends a template that does not keep to the protocol.
    mutating func refuse(_ number: Int, _ reason: String) -> [KeeperEffect] {
        guard let template = templates[number] else { return [] }
        return [.log("\(template.description) is ended: \(reason)")]
            + killTemplate(number, for: .protocolBroken(reason: reason))
    }

    /// What a template says. `hasListener`: the listener of its filter came along. `isChild`: whether a process is an
    /// unreaped child of this one.
    mutating func receive(
        _ message: FromTemplate, from number: Int, hasListener: Bool = false, at now: MonotonicTime,
        isChild: (Int32) -> Bool
    ) -> [KeeperEffect] {
        guard let template = templates[number], !template.hasEnded else { return [] }
        switch message {
        case .confined(let state):
            guard template.confinedAt == nil else { return refuse(number, "it was confined twice") }
            templates[number]?.confinedAt = now
            prewarming.noteSuccess()
            let effects = sandbox.note(state)
            guard hasListener || state.deniedCalls != .named else {
                return effects + refuse(number, "it kept the listener of its filter")
            }
            return effects + killSurplus() + (templates[number]?.isWaiting == true ? [.send(prewarmedCount)] : [])
        case .failed(let message):
            guard template.failure == nil else { return refuse(number, "it failed twice") }
            templates[number]?.failure = message
            return []
        case _ where template.confinedAt == nil: return refuse(number, "it spoke before it was confined")
        case .ready(let start):
            guard let id = template.model?.id, !template.isReady else { return refuse(number, "it was ready twice") }
            let readiness = FromKeeper.TemplateReadiness(
                loadMicroseconds: now.microseconds(since: template.orderedAt),
                prewarmedMicroseconds: template.confinedAt?.microseconds(since: template.orderedAt) ?? 0, model: start)
            templates[number]?.isReady = true
            return [tell(number, .templateReady(id, readiness))]
        case .forked(let id, let process): return forked(id, process, by: number, isChild)
        case .forkFailed(let id, let message):
            guard templates[number]?.calls.forks.answer() == true else {
                return refuse(number, "it answered more than it was asked")
            }
            // Whether it is true that nothing was forked is seen, not believed.
            return end(id, of: number, .notStarted(reason: message)) + [.endStrays]
        }
    }

    /// A template's process has ended, and so have the forks that it still owed.
    mutating func templateExited(_ number: Int, _ status: ExitStatus) -> [KeeperEffect] {
        guard let template = templates[number] else { return [] }
        let end = ProcessEnd(status, killedFor: template.killedFor, reason: template.failure)
        templates[number]?.hasEnded = true
        let log = KeeperEffect.log("\(template.description) ended: \(end)")
        let isUntold = template.confinedAt == nil && template.killedFor == nil
        let told = isUntold ? sandbox.noteFailure("a template ended: \(end)") : []
        guard let id = template.model?.id else {
            templates[number] = nil
            if template.killedFor == .killedByOrder { return told + [.endStrays] }
            prewarming.noteFailure()
            return told + [.endStrays, log] + (template.isWaiting ? [.send(prewarmedCount)] : [])
        }
        let unborn = instances.filter { $0.value.template == number && $0.value.process == nil }.keys
        return unborn.flatMap { self.end($0, of: number, .notStarted(reason: "its template ended: \(end)")) }
            + told + [log, .endStrays, tell(number, .templateEnded(id, end))]
    }

    /// The daemon has noted an end.
    mutating func releaseTemplate(_ id: TemplateID) {
        guard let number = number(of: id), hasEnded(number) else { return }
        templates[number] = nil
    }

    // MARK: Instances

    /// Their fork was ordered of a template.
    mutating func order(_ ids: [InstanceID], of number: Int, _ settings: InstanceSettings, at now: MonotonicTime) {
        guard let id = templates[number]?.model?.id else { return }
        prewarming.noteOrder(at: now)
        templates[number]?.calls.forks.order(ids.count)
        for instance in ids {
            instances[instance] = SupervisedInstance(
                template: number,
                running: .init(template: id, processID: 0, settings: settings, preparedAt: now))
        }
    }

    /// A template reports a child. The number is believed only if it is an unreaped child of the keeper that nobody else
    /// has: a compromised template could name anyone.
    private mutating func forked(
        _ id: InstanceID, _ process: Int32, by number: Int, _ isChild: (Int32) -> Bool
    ) -> [KeeperEffect] {
        let isOwed = templates[number]?.calls.forks.answer() == true
        guard isOwed, let instance = instances[id], instance.template == number, instance.process == nil,
            !instance.hasEnded, owner(where: { $0 == process }) == nil, isChild(process)
        else { return refuse(number, "the template forked without an order") + [.endStrays] }
        var running = instance.running
        running.processID = process
        let event = FromKeeper.instanceRunning(id, running)
        instances[id]?.running = running
        instances[id]?.told = event
        return (instance.killedFor == nil ? [] : [.kill(process)]) + [.send(event), .reap(process)]
    }

    /// The reason is the first that there was.
    mutating func killInstance(_ id: InstanceID, for reason: ProcessEnd = .killedByOrder) -> [KeeperEffect] {
        guard let instance = instances[id], !instance.hasEnded else { return [] }
        instances[id]?.killedFor = instance.killedFor ?? reason
        return instance.process.map { [.kill($0)] } ?? []
    }

    /// An instance's process has ended.
    mutating func instanceExited(
        _ id: InstanceID, _ status: ExitStatus, lackedMemory: @autoclosure () -> Bool = false,
        crash: @autoclosure () -> CrashPage? = nil
    ) -> [KeeperEffect] {
        guard let instance = instances[id] else { return [] }
        let end = ProcessEnd(status, killedFor: instance.killedFor, lackedMemory: lackedMemory(), crash: crash())
        return (end == .filtered ? sandbox.noteDenial() : []) + self.end(id, of: instance.template, end)
    }

    /// Notes and tells an end; a report about another template's instance is ignored.
    private mutating func end(_ id: InstanceID, of number: Int, _ end: ProcessEnd) -> [KeeperEffect] {
        guard let instance = instances[id], instance.template == number, !instance.hasEnded else { return [] }
        let event = FromKeeper.instanceEnded(id, end)
        instances[id]?.hasEnded = true
        instances[id]?.told = event
        return (end.status?.isSuccess == true ? [] : [.log("\(id): \(end)")]) + [.close(id), .send(event)]
    }

    /// The daemon has noted an end.
    mutating func releaseInstance(_ id: InstanceID) {
        if instances[id]?.hasEnded == true { instances[id] = nil }
    }

    // MARK: System calls

    /// Who made a system call that a filter leaves to the keeper. `hasThread` tells whether a thread of the second number
    /// belongs to the process of the first one; it is asked for other threads than a process's first.
    func caller(_ thread: Int32, _ hasThread: (Int32, Int32) -> Bool) -> Owner? {
        owner { $0 == thread } ?? owner { hasThread($0, thread) }
    }

    /// nil: the call may go on. Else it is denied, and whoever tried it is killed.
    mutating func decide(_ call: InterceptedCall, of number: Int, by caller: Owner?) -> [KeeperEffect]? {
        let family = templates[number]?.description ?? "a template that has ended"
        let denied = DeniedCall(number: call.number, name: call.name, arguments: call.arguments)
        func denial(of culprit: String) -> [KeeperEffect] {
            [.log("denied call \(denied) of \(culprit), thread \(call.thread): killed")] + sandbox.noteDenial()
        }
        switch caller {
        case .template(let number):
            if templates[number]?.admits(call) == true { return nil }
            return denial(of: family) + killTemplate(number, for: .deniedCall(denied))
        case .instance(let id):
            if instances[id]?.admits(call) == true { return nil }
            return denial(of: "\(id) of \(family)") + killInstance(id, for: .deniedCall(denied))
        case nil:
            return denial(of: "an unknown child of \(family)")
                + killTemplate(number, for: .protocolBroken(reason: "it has a child that nobody ordered"))
                + [.killStray(call.thread), .endStrays]
        }
    }

    // MARK: Both

    /// Ends everything, templates first so that nothing new comes to be.
    mutating func retire() -> [KeeperEffect] {
        isRetiring = true
        return templates.keys.flatMap { killTemplate($0) } + instances.keys.flatMap { killInstance($0) }
    }

    /// Which of the keeper's children nobody ordered: what a compromised template left. None while a child may
    /// be on its way to be reported.
    func strays(among children: [Int32]) -> [Int32] {
        // Where the filter leaves calls to the keeper, templates must ask before they fork.
        let forksAreAsked = sandbox.state?.deniedCalls == .named
        let isUnderWay = templates.values.contains {
            !$0.hasEnded && (forksAreAsked ? $0.calls.forks.isForking : $0.calls.forks.owesAnswers)
        }
        return isUnderWay ? [] : children.filter { child in owner { $0 == child } == nil }
    }

    /// The state of everything, in the words in which it was told when it happened.
    var events: [FromKeeper] {
        sandbox.events + [prewarmedCount] + templates.sorted { $0.key < $1.key }.flatMap(\.value.told)
            + instances.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap(\.value.told)
    }
}

extension ProcessEnd {
    /// What an exit status stands for. One that was to be killed by order may have ended by itself before.
    fileprivate init(
        _ status: ExitStatus, killedFor: ProcessEnd?, reason: String? = nil,
        lackedMemory: @autoclosure () -> Bool = false, crash: @autoclosure () -> CrashPage? = nil
    ) {
        switch (status, killedFor) {
        case (.signalled(SIGKILL), let end?): self = end
        case (_, let end?) where end != .killedByOrder: self = end
        case (.exited(let code), _): self = .exited(code: code, reason: reason)
        case (.signalled(SIGSYS), _): self = .filtered
        case (.signalled(SIGKILL), _) where lackedMemory(): self = .outOfMemory
        case (.signalled(let signal), _): self = .signalled(signal: signal, crash: crash())
        }
    }
}
