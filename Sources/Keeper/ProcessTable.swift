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

    /// The number of a template that the daemon named.
    func number(of id: TemplateID) -> Int? {
        templates.first { $0.value.id == id }?.key
    }

    /// Templates that wait for a model and are not ending, the first that were started first.
    var prewarmed: [Int] {
        templates.filter { $0.value.isPrewarmed }.keys.sorted()
    }

    /// How many of them are so far that a model can be given to them.
    var confinedPrewarmedCount: Int {
        templates.values.count { $0.isPrewarmed && $0.confinedAt != nil }
    }

    var hasInstances: Bool { instances.values.contains { $0.ending == nil } }
    var isOver: Bool { !hasInstances && templates.values.allSatisfy { $0.ending != nil } }

    // MARK: Templates

    /// A template's process was started.
    mutating func add(_ template: SupervisedTemplate, as number: Int) {
        templates[number] = template
    }

    /// The one of them that a model gets; nil where none waits.
    var bestPrewarmed: Int? {
        prewarmed.first { templates[$0]?.confinedAt != nil } ?? prewarmed.first
    }

    /// A pre-warmed template becomes that of a model.
    mutating func assign(_ number: Int, to id: TemplateID, key: String, at now: MonotonicTime) -> [KeeperEffect] {
        guard let template = templates[number] else { return [] }
        templates[number]?.purpose = .model(id, key: key)
        templates[number]?.orderedAt = now
        return (template.confinedAt == nil ? [] : [.countPrewarmed])
            + [.send(.templateStarting(id, model: key, processID: template.process))]
    }

    mutating func killTemplate(_ number: Int) -> [KeeperEffect] {
        guard let template = templates[number], template.ending == nil else { return [] }
        templates[number]?.isKilling = true
        return [.killTemplate(number)]
    }

    /// Ends a template that does not keep to the protocol.
    mutating func refuse(_ number: Int, _ reason: String) -> [KeeperEffect] {
        guard let template = templates[number] else { return [] }
        complain(of: number, "the template broke the keeper's protocol: \(reason)")
        return [.log("\(template.description) is ended: \(reason)")] + killTemplate(number)
    }

    /// Why it ends, unless that is known already.
    private mutating func complain(of number: Int, _ reason: String) {
        if templates[number]?.complaint.isEmpty == true { templates[number]?.complaint = reason }
    }

    /// What a template says. `hasListener`: the listener of its filter came along. `isChild`: whether a process is an
    /// unreaped child of this one.
    mutating func receive(
        _ message: FromTemplate, from number: Int, hasListener: Bool = false, at now: MonotonicTime,
        isChild: (Int32) -> Bool
    ) -> [KeeperEffect] {
        guard let template = templates[number], template.ending == nil else { return [] }
        switch message {
        case .confined(let state):
            guard template.confinedAt == nil else { return refuse(number, "it was confined twice") }
            templates[number]?.confinedAt = now
            let effects = [KeeperEffect.noteSandbox(state)] + (template.isPrewarmed ? [.countPrewarmed] : [])
            guard hasListener || state.deniedCalls != .named else {
                return effects + refuse(number, "it kept the listener of its filter")
            }
            return effects
        case .failed(let message):
            guard template.complaint.isEmpty else { return refuse(number, "it failed twice") }
            complain(of: number, message)
            return []
        case _ where template.confinedAt == nil: return refuse(number, "it spoke before it was confined")
        case .ready(let start):
            guard let id = template.id, template.readiness == nil else { return refuse(number, "it was ready twice") }
            let readiness = FromKeeper.TemplateReadiness(
                loadMicroseconds: now.microseconds(since: template.orderedAt),
                prewarmedMicroseconds: template.confinedAt?.microseconds(since: template.orderedAt) ?? 0, model: start)
            templates[number]?.readiness = readiness
            return [.send(.templateReady(id, readiness))]
        case .forked(let id, let process): return forked(id, process, by: number, isChild)
        case .forkFailed(let id, let message):
            guard templates[number]?.calls.forks.answer() == true else {
                return refuse(number, "it answered more than it was asked")
            }
            // Whether it is true that nothing was forked is seen, not believed.
            return end(id, of: number, nil, message) + [.endStrays]
        }
    }

    /// A template's process has ended, and so have the forks that it still owed.
    mutating func templateExited(_ number: Int, _ status: ExitStatus) -> [KeeperEffect] {
        guard let template = templates[number] else { return [] }
        let message = template.complaint.isEmpty ? "template ended with \(status)" : template.complaint
        templates[number]?.ending = Ending(status: status, message: message)
        let log = KeeperEffect.log("\(template.description) ended with \(status)")
        guard let id = template.id else {
            templates[number] = nil
            let isTrial = template.purpose == .trial
            return [.noteFailure(status, isTrial: isTrial), .endStrays] + (isTrial ? [] : [log, .countPrewarmed])
        }
        let unborn = instances.filter { $0.value.template == number && $0.value.process == nil }.keys
        return unborn.flatMap { end($0, of: number, nil, message) }
            + [log, .endStrays, .send(.templateEnded(id, status, message: message))]
    }

    /// The daemon has noted an end.
    mutating func releaseTemplate(_ id: TemplateID) {
        guard let number = number(of: id), templates[number]?.ending != nil else { return }
        templates[number] = nil
    }

    // MARK: Instances

    /// Their fork was ordered of a template.
    mutating func order(_ ids: [InstanceID], of number: Int, _ settings: InstanceSettings, at now: MonotonicTime) {
        guard let id = templates[number]?.id else { return }
        templates[number]?.calls.forks.order(ids.count)
        for instance in ids {
            instances[instance] = SupervisedInstance(
                template: number, templateID: id, settings: settings, preparedAt: now)
        }
    }

    /// A template reports a child. The number is believed only if it is an unreaped child of the keeper that nobody else
    /// has: a template that was taken over could name anyone.
    private mutating func forked(
        _ id: InstanceID, _ process: Int32, by number: Int, _ isChild: (Int32) -> Bool
    ) -> [KeeperEffect] {
        let isOwed = templates[number]?.calls.forks.answer() == true
        guard isOwed, let instance = instances[id], instance.template == number, instance.process == nil,
            instance.ending == nil, !isKnown(process), isChild(process)
        else { return refuse(number, "the template forked without an order") + [.endStrays] }
        instances[id]?.process = process
        return [.adopt(id, process: process)]
    }

    private func isKnown(_ process: Int32) -> Bool {
        templates.values.contains { $0.process == process && $0.ending == nil }
            || instances.values.contains { $0.process == process && $0.ending == nil }
    }

    /// The keeper holds an instance's process.
    func adopted(_ id: InstanceID) -> [KeeperEffect] {
        guard let instance = instances[id], let running = instance.running else { return [] }
        return (instance.isKilling ? [.killInstance(id)] : []) + [.send(.instanceRunning(id, running))]
    }

    /// The keeper cannot hold it: nobody else would ever reap it.
    mutating func adoptionFailed(_ id: InstanceID, _ reason: String) -> [KeeperEffect] {
        guard let instance = instances[id], let process = instance.process else { return [] }
        return [.killStray(process)] + end(id, of: instance.template, nil, reason)
    }

    mutating func killInstance(_ id: InstanceID) -> [KeeperEffect] {
        guard let instance = instances[id], instance.ending == nil else { return [] }
        instances[id]?.isKilling = true
        return instance.process == nil ? [] : [.killInstance(id)]
    }

    /// An instance's process has ended.
    mutating func instanceExited(
        _ id: InstanceID, _ status: ExitStatus, _ circumstances: SupervisedInstance.Circumstances
    ) -> [KeeperEffect] {
        guard let instance = instances[id], instance.ending == nil else { return [] }
        let isUnnamedDenial = instance.deniedCall == nil && status == .signalled(signal: SIGSYS)
        return (isUnnamedDenial ? [.noteDenial] : [])
            + end(id, of: instance.template, status, instance.words(for: status, circumstances))
    }

    /// Notes and tells an end; a report about another template's instance is ignored.
    private mutating func end(
        _ id: InstanceID, of number: Int, _ status: ExitStatus?, _ message: String
    ) -> [KeeperEffect] {
        guard let instance = instances[id], instance.template == number, instance.ending == nil else { return [] }
        instances[id]?.ending = Ending(status: status, message: message)
        return (status?.isSuccess == true ? [] : [.log("\(id): \(message)")])
            + [.close(id), .send(.instanceEnded(id, status, message: message))]
    }

    /// The daemon has noted an end.
    mutating func releaseInstance(_ id: InstanceID) {
        if instances[id]?.ending != nil { instances[id] = nil }
    }

    // MARK: System calls

    /// Who made a system call that the filter of a template and its children leaves to the keeper.
    enum Caller {
        case template, unknown
        case instance(InstanceID)

        var isKnownInstance: Bool {
            if case .instance = self { return true }
            return false
        }
    }

    /// `hasThread` tells whether a thread of the second number belongs to the process of the first one.
    func caller(_ thread: Int32, of number: Int, _ hasThread: (Int32, Int32) -> Bool) -> Caller {
        if let template = templates[number], template.ending == nil, hasThread(template.process, thread) {
            return .template
        }
        let instance = instances.first { _, instance in
            guard instance.ending == nil, let process = instance.process else { return false }
            return hasThread(process, thread)
        }
        return instance.map { .instance($0.key) } ?? .unknown
    }

    /// nil: the call may go on. Else it is denied, and whoever tried it is killed.
    mutating func judge(_ call: InterceptedCall, of number: Int, by caller: Caller) -> [KeeperEffect]? {
        let family = templates[number]?.description ?? "a template that has ended"
        func denial(of culprit: String) -> [KeeperEffect] {
            [.log("denied call \(call) of \(culprit), thread \(call.thread): killed"), .noteDenial]
        }
        switch caller {
        case .template:
            if let process = templates[number]?.process, templates[number]?.calls.admits(call, of: process) == true {
                return nil
            }
            complain(of: number, "the template made the system call \(call), which its sandbox denies")
            return denial(of: family) + killTemplate(number)
        case .instance(let id):
            if let process = instances[id]?.process, instances[id]?.calls.admits(call, of: process) == true {
                return nil
            }
            instances[id]?.deniedCall = "\(call)"
            instances[id]?.isKilling = true
            return denial(of: "\(id) of \(family)") + [.killInstance(id)]
        case .unknown:
            complain(of: number, "the template has a child that nobody ordered")
            return denial(of: "an unknown child of \(family)") + killTemplate(number)
                + [.killStray(call.thread), .endStrays]
        }
    }

    // MARK: Both

    /// Kills everything, templates first so that nothing new comes to be.
    mutating func killAll() -> [KeeperEffect] {
        templates.keys.flatMap { killTemplate($0) } + instances.keys.flatMap { killInstance($0) }
    }

    /// Which of the keeper's children nobody ordered: what a template left that was taken over. None while a child may
    /// be on its way to be reported. `forksAreAsked`: templates must ask before they fork.
    func strays(among children: [Int32], forksAreAsked: Bool) -> [Int32] {
        let isUnderWay = templates.values.contains {
            $0.ending == nil && (forksAreAsked ? $0.calls.forks.isForking : $0.calls.forks.owesAnswers)
        }
        return isUnderWay ? [] : children.filter { !isKnown($0) }
    }

    /// The state of everything, in the words in which it was told when it happened.
    var events: [FromKeeper] {
        templates.sorted { $0.key < $1.key }.flatMap { _, template -> [FromKeeper] in
            guard case .model(let id, let key) = template.purpose else { return [] }
            return [.templateStarting(id, model: key, processID: template.process)]
                + (template.readiness.map { [.templateReady(id, $0)] } ?? [])
                + (template.ending.map { [.templateEnded(id, $0.status, message: $0.message)] } ?? [])
        }
            + instances.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap { id, instance in
                instance.ending.map { .instanceEnded(id, $0.status, message: $0.message) }
                    ?? instance.running.map { .instanceRunning(id, $0) }
            }
    }
}
