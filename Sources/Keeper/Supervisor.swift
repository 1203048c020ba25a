// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// Turns what happens to processes, and what is ordered of them, into questions to the parts that decide, and carries out
/// their effects.
struct Supervisor {
    private let log = KeeperLog()
    private var held: HeldProcesses
    private var table = ProcessTable()
    private var prewarmed: PrewarmedTemplates
    private var sandbox = SandboxKnowledge()
    private var events: [(FromKeeper, SharedDescriptor?)] = []
    /// Everything was told to end.
    private var isRetiring = false

    private static let endingMessage = "the keeper is ending"
    /// Messages read from one template before everybody else has a turn: one that was taken over can write faster than
    /// they are read.
    private static let messagesPerTurn = 64
    /// More than a socket can hold of a template that has ended.
    private static let lastMessages = 1024

    init(_ sources: ReadinessSources<EventSource>, _ launcher: TemplateLauncher, now: MonotonicTime) {
        held = HeldProcesses(sources, launcher)
        prewarmed = PrewarmedTemplates(now: now)
    }

    var hasInstances: Bool { table.hasInstances }
    /// Whether no process is left.
    var isOver: Bool { table.isOver && !held.hasStrays }

    /// What the daemon is to be told since this was last asked, with the descriptors that go along.
    mutating func takeEvents() -> [(FromKeeper, SharedDescriptor?)] {
        defer { events = [] }
        return events
    }

    private mutating func send(_ event: FromKeeper) {
        var channel: SharedDescriptor?
        if case .instanceRunning(let id, _) = event { channel = held.channel(of: id) }
        events.append((event, channel))
    }

    // MARK: Orders

    /// Carries out what a daemon orders of templates and instances; a descriptor may have come along.
    mutating func carryOut(_ order: ToKeeper, _ descriptor: SharedDescriptor?, at now: MonotonicTime) {
        switch order {
        case .startTemplate(let id, let key): startTemplate(id, key: key, descriptor, at: now)
        case .fork(let ids, let template, let settings): fork(ids, of: template, settings, at: now)
        case .keepPrewarmed(let count):
            prewarmed.want(count)
            perform(table.prewarmed.dropFirst(count).flatMap { table.killTemplate($0) } + [.countPrewarmed])
        case .killInstance(let id): perform(table.killInstance(id))
        case .stopTemplate(let id): perform(table.number(of: id).map { table.killTemplate($0) } ?? [])
        case .releaseInstance(let id): table.releaseInstance(id)
        case .releaseTemplate(let id): table.releaseTemplate(id)
        // The keeper's own.
        case .hello, .hold, .release, .retire: break
        }
    }

    /// The state of everything, then `rest`.
    mutating func sendState(before rest: [(FromKeeper, SharedDescriptor?)]) {
        send(.welcome(processID: getpid(), controllers: held.controllers))
        if let event = sandbox.event { send(event) }
        send(.prewarmed(table.confinedPrewarmedCount))
        for event in table.events { send(event) }
        events += rest
    }

    /// A pre-warmed template becomes the model's, or a fresh one where none waits.
    private mutating func startTemplate(
        _ id: TemplateID, key: String, _ artefact: SharedDescriptor?, at now: MonotonicTime
    ) {
        guard table.number(of: id) == nil else { return log.write("\(id) exists already: order ignored") }
        guard let artefact, !isRetiring else {
            let reason = isRetiring ? Self.endingMessage : "the order came without an artefact"
            return send(.templateEnded(id, nil, message: reason))
        }
        prewarmed.noteOrder(at: now)
        do throws(SystemCallError) {
            let number = if let waiting = table.bestPrewarmed { waiting } else { try launch(.prewarmed, at: now) }
            perform(table.assign(number, to: id, key: key, at: now))
            held.load(number, name: String(key.prefix { $0 != "@" }), artefact: artefact)
        } catch {
            send(.templateEnded(id, nil, message: "\(error)"))
        }
    }

    /// For as many instances in one packet as it can carry. What cannot be made ends that instance alone.
    private mutating func fork(
        _ ids: [InstanceID], of template: TemplateID, _ settings: InstanceSettings, at now: MonotonicTime
    ) {
        prewarmed.noteOrder(at: now)
        let fresh = ids.filter { table.instances[$0] == nil }
        if fresh.count < ids.count { log.write("\(ids.count - fresh.count) instances exist already: order ignored") }
        var rest = fresh[...]
        while !rest.isEmpty {
            let group = rest.prefix(ToTemplate.forkLimit)
            rest = rest.dropFirst(group.count)
            guard let number = table.number(of: template), table.templates[number]?.takesForks == true else {
                let reason = isRetiring ? Self.endingMessage : "its template is not ready"
                for id in group { send(.instanceEnded(id, nil, message: reason)) }
                continue
            }
            let (passed, failures) = held.fork(group, settings, of: number)
            table.order(passed, of: number, settings, at: .now)
            for (id, reason) in failures { send(.instanceEnded(id, nil, message: reason)) }
        }
    }

    /// Ends everything. A daemon may order some more before it hears of that: it does not get it.
    mutating func retire() {
        isRetiring = true
        perform(table.killAll())
        held.killAll()
    }

    /// Gives up everything, when all has ended or the keeper ends without it.
    mutating func closeAll() { held.closeAll() }

    // MARK: Templates

    /// A template that only confines itself is run once when the keeper begins.
    mutating func beginTrial() {
        do throws(SystemCallError) {
            try launch(.trial, at: .now)
        } catch {
            noteSandbox(.unknown("\(error)"))
        }
    }

    @discardableResult
    private mutating func launch(
        _ purpose: SupervisedTemplate.Purpose, at now: MonotonicTime
    ) throws(SystemCallError) -> Int {
        let (number, process) = try held.start(isTrial: purpose == .trial)
        table.add(SupervisedTemplate(purpose, process: process, orderedAt: now), as: number)
        return number
    }

    /// Reaps strays, and makes a pre-warmed template where one is due and `isWanted`; the result is when there is
    /// something to do again.
    mutating func doWhatIsDue(_ now: MonotonicTime, isWanted: Bool) -> MonotonicTime? {
        let strayCheck = held.reapStrays() ? now.adding(milliseconds: 50) : nil
        if isWanted, let due = prewarmed.dueAt(count: table.prewarmed.count), due <= now {
            do throws(SystemCallError) {
                try launch(.prewarmed, at: now)
            } catch {
                prewarmed.noteFailure()
                log.write("a pre-warmed template cannot be started: \(error)")
            }
        }
        let next = isWanted ? prewarmed.dueAt(count: table.prewarmed.count) : nil
        return [strayCheck, next].compactMap(\.self).min()
    }

    // MARK: Events

    /// Something happened to a process; `buffer` has room for a packet.
    mutating func handle(_ source: EventSource, _ event: ReadinessList.Event, _ buffer: UnsafeMutableRawBufferPointer) {
        switch source {
        case .templateChannel(let number): readTemplate(number, buffer)
        case .templateProcess(let number):
            guard let status = held.exitStatus(ofTemplate: number) else { return }
            // What it said last may still lie in the channel.
            readTemplate(number, atMost: Self.lastMessages, buffer)
            held.closeTemplate(number)
            perform(table.templateExited(number, status))
        case .systemCalls(let number): judgeCall(of: number, event, buffer)
        case .instanceProcess(let id):
            guard let (status, circumstances) = held.exitStatus(of: id) else { return }
            perform(table.instanceExited(id, status, circumstances))
        case .instanceMessages(let id): held.relayMessages(id)
        // Every turn reaps those that have ended; the others are the keeper's own.
        case .stray, .listener, .signals, .directory, .connection: break
        }
    }

    /// Reads what a template says; one that talks nonsense is ended.
    private mutating func readTemplate(
        _ number: Int, atMost limit: Int = messagesPerTurn, _ buffer: UnsafeMutableRawBufferPointer
    ) {
        for _ in 0..<limit {
            guard let template = table.templates[number] else { return }
            let (arrival, listener) = held.nextMessage(
                from: number, mayBringListener: template.confinedAt == nil, into: buffer)
            switch arrival {
            case .frame(let message):
                let hasListener = listener.map { held.keep($0, of: number) } ?? false
                perform(
                    table.receive(
                        message, from: number, hasListener: hasListener, at: .now,
                        isChild: ProcessHandle.isUnreapedChild))
            case .nothing: return
            case .closed: return held.closeChannel(number)
            case .refused(let reason): return perform(table.refuse(number, "it sent what is no message: \(reason)"))
            }
        }
    }

    private mutating func judgeCall(
        of number: Int, _ event: ReadinessList.Event, _ buffer: UnsafeMutableRawBufferPointer
    ) {
        guard let call = held.nextCall(of: number, event) else { return }
        var caller = table.caller(call.thread, of: number, ProcessHandle.hasThread)
        if !caller.isKnownInstance {
            // The template's answer to the order before, or its report of a child that is quick to make a forbidden call,
            // may lie unread in its channel.
            readTemplate(number, buffer)
            caller = table.caller(call.thread, of: number, ProcessHandle.hasThread)
        }
        // As long as it waits its thread's number is not another's.
        guard held.isWaiting(call, of: number) else { return }
        guard let effects = table.judge(call, of: number, by: caller) else { return held.allow(call, of: number) }
        perform(effects)
    }

    // MARK: Effects

    private mutating func perform(_ effects: [KeeperEffect]) {
        for effect in effects { perform(effect) }
    }

    private mutating func perform(_ effect: KeeperEffect) {
        switch effect {
        case .send(let event): send(event)
        case .log(let line): log.write(line)
        case .killTemplate(let number): held.killTemplate(number)
        case .killInstance(let id): held.killInstance(id)
        case .killStray(let process): held.killStray(process)
        case .adopt(let id, let process):
            do throws(SystemCallError) {
                try held.adopt(id, process)
                perform(table.adopted(id))
            } catch {
                perform(table.adoptionFailed(id, "\(error)"))
            }
        case .close(let id): held.closeInstance(id)
        case .endStrays:
            let forksAreAsked = sandbox.state?.deniedCalls == .named
            for process in table.strays(among: ProcessHandle.children(), forksAreAsked: forksAreAsked) {
                held.killStray(process)
            }
        case .noteSandbox(let state):
            prewarmed.noteSuccess()
            noteSandbox(state)
        case .noteDenial:
            sandbox.noteDenial()
            if let event = sandbox.event { send(event) }
        case .countPrewarmed: send(.prewarmed(table.confinedPrewarmedCount))
        case .noteFailure(let status, let isTrial):
            guard isTrial else { return prewarmed.noteFailure() }
            if sandbox.state == nil { noteSandbox(.unknown("the trial of the sandbox ended with \(status)")) }
        }
    }

    /// Remembers what is in force and tells the daemon when that is new.
    private mutating func noteSandbox(_ state: SandboxState) {
        guard sandbox.note(state) else { return }
        for line in state.missing { log.write("sandbox step not in force: \(line)") }
        for line in state.remarks { log.write("sandbox: \(line)") }
        if let event = sandbox.event { send(event) }
    }
}
