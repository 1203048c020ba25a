// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// Passes events of processes and orders of the daemon to the table that decides, and carries out the effects.
struct Supervisor {
    private let sources: ReadinessSources<EventSource>
    /// Room for a packet.
    private let buffer: UnsafeMutableRawBufferPointer
    /// With the keeper's weight against that of all templates and instances together.
    private let groups = ControlGroupTree(name: "deepflow-\(getpid())", leaf: "keeper", weight: 1000)
    private var launcher: TemplateLauncher
    private var table = ProcessTable()
    private var store = DescriptorStore()
    private let daemons: DaemonConnections
    private var lastTemplate = 0
    private var templates: [Int: TemplateHandles] = [:]
    private var instances: [InstanceID: InstanceHandles] = [:]
    /// Killed children that nobody ordered.
    private var strays: Set<Int32> = []

    private static let endingMessage = "the keeper is ending"
    /// Messages read from one template before everybody else has a turn: a compromised one can write faster than
    /// they are read.
    private static let messagesPerTurn = 64
    /// More than a socket can hold of a template that has ended.
    private static let lastMessages = 1024

    init(
        _ sources: ReadinessSources<EventSource>, _ launcher: TemplateLauncher, _ daemons: DaemonConnections,
        _ buffer: UnsafeMutableRawBufferPointer
    ) {
        self.sources = sources
        self.daemons = daemons
        self.launcher = launcher
        self.buffer = buffer
    }

    var isRetiring: Bool { table.isRetiring }
    var hasInstances: Bool { table.hasInstances }
    /// Whether no process is left.
    var isOver: Bool { table.processes.isEmpty && strays.isEmpty }

    // MARK: Orders

    /// Carries out what a daemon orders; a descriptor may have come along.
    mutating func carryOut(_ order: ToKeeper, _ descriptor: SharedDescriptor?, at now: MonotonicTime) {
        switch order {
        case .startTemplate(let id, let key): startTemplate(id, key: key, descriptor, at: now)
        case .fork(let ids, let template, let settings): fork(ids, of: template, settings)
        case .keepPrewarmed(let count): perform(table.keepPrewarmed(count))
        case .killInstance(let id): perform(table.killInstance(id))
        case .stopTemplate(let id): perform(table.number(of: id).map { table.killTemplate($0) } ?? [])
        case .releaseInstance(let id): table.releaseInstance(id)
        case .releaseTemplate(let id): table.releaseTemplate(id)
        case .hold(let key): send(store.hold(key, descriptor))
        case .release(let key): store.release(key)
        case .hello: sendState()
        case .retire: retire()
        }
    }

    private func sendState() {
        send(.welcome(processID: getpid(), controllers: groups.controllers))
        for event in table.events { send(event) }
        for (key, descriptor) in store.all { daemons.send(.held(key), descriptor) }
        send(.stateComplete)
    }

    private func send(_ event: FromKeeper) {
        var channel: SharedDescriptor?
        if case .instanceRunning(let id, _) = event { channel = instances[id]?.channel }
        daemons.send(event, channel)
    }

    /// A pre-warmed template becomes the model's, or a fresh one where none waits.
    private mutating func startTemplate(
        _ id: TemplateID, key: String, _ artefact: SharedDescriptor?, at now: MonotonicTime
    ) {
        guard table.number(of: id) == nil else { return KeeperLog.write("\(id) exists already: order ignored") }
        guard let artefact, !isRetiring else {
            let reason = isRetiring ? Self.endingMessage : "the order came without an artefact"
            return send(.templateEnded(id, .notStarted(reason: reason)))
        }
        do throws(SystemCallError) {
            let number = if let waiting = table.prewarmed.first { waiting } else { try launch(at: now) }
            perform(table.assign(number, to: id, key: key, at: now))
            templates[number]?.load(name: String(key.prefix { $0 != "@" }), artefact: artefact)
        } catch {
            send(.templateEnded(id, .notStarted(reason: "\(error)")))
        }
    }

    /// For as many instances in one packet as it can carry. What cannot be made ends that instance alone.
    private mutating func fork(_ ids: [InstanceID], of template: TemplateID, _ settings: InstanceSettings) {
        let fresh = ids.filter { table.instances[$0] == nil }
        if fresh.count < ids.count {
            KeeperLog.write("\(ids.count - fresh.count) instances exist already: order ignored")
        }
        guard let number = table.number(of: template), table.templates[number]?.takesForks == true,
            let handles = templates[number]
        else { return refuse(fresh, isRetiring ? Self.endingMessage : "its template is not ready") }
        var rest = fresh[...]
        while !rest.isEmpty {
            fork(rest.prefix(ToTemplate.forkLimit), of: number, handles, settings)
            rest = rest.dropFirst(ToTemplate.forkLimit)
        }
    }

    private mutating func fork(
        _ ids: ArraySlice<InstanceID>, of number: Int, _ template: TemplateHandles, _ settings: InstanceSettings
    ) {
        var made: [InstanceHandles] = []
        for id in ids {
            do throws(SystemCallError) {
                made.append(try InstanceHandles(id, settings, template.group, sources))
            } catch {
                refuse([id], "\(error)")
            }
        }
        guard made.isEmpty || template.fork(made, settings) else {
            return refuse(made.map(\.id), "its template does not take orders")
        }
        for instance in made {
            instance.passed()
            instances[instance.id] = instance
        }
        table.order(made.map(\.id), of: number, settings, at: .now)
    }

    private func refuse(_ ids: [InstanceID], _ reason: String) {
        for id in ids { send(.instanceEnded(id, .notStarted(reason: reason))) }
    }

    /// Ends everything. A daemon may order some more before it hears of that: it does not get it.
    mutating func retire() {
        perform(table.retire())
        groups.killAll()
    }

    /// Gives up everything, when all has ended or the keeper ends without it.
    mutating func closeAll() {
        (templates, instances) = ([:], [:])
        groups.remove()
    }

    // MARK: Starts

    /// Starts a template without a model and returns its number.
    private mutating func launch(at now: MonotonicTime) throws(SystemCallError) -> Int {
        lastTemplate += 1
        let (handles, process) = try launcher.start(lastTemplate, groups, sources)
        templates[lastTemplate] = handles
        table.add(SupervisedTemplate(process: process, orderedAt: now), as: lastTemplate)
        return lastTemplate
    }

    /// Starts a pre-warmed template. The first, when the keeper begins, tells what this kernel and these privileges allow
    /// before there is a model.
    mutating func prewarm(at now: MonotonicTime) {
        do throws(SystemCallError) {
            _ = try launch(at: now)
        } catch {
            perform(table.prewarmingFailed("\(error)"))
        }
    }

    /// Starts a pre-warmed template where one is due; the result is when the next one will be.
    mutating func prewarmIfDue(at now: MonotonicTime) -> MonotonicTime? {
        if let due = table.prewarmingDue, due <= now { prewarm(at: now) }
        return table.prewarmingDue
    }

    // MARK: Events

    /// Something happened to a process.
    mutating func handle(_ source: EventSource, _ event: ReadinessList.Event) {
        switch source {
        case .templateChannel(let number): readTemplate(number)
        case .systemCalls(let number): handleCall(of: number, event)
        case .instanceMessages(let id): instances[id]?.relayMessages()
        // The keeper's own.
        case .listener, .signals, .directory, .connection: break
        }
    }

    /// Reaps all children that have ended. The kernel tells that some have, not which.
    mutating func reapChildren() {
        for process in table.processes + strays { reap(process) }
    }

    private mutating func reap(_ process: Int32) {
        guard let status = ProcessHandle.reapChild(process) else { return }
        switch table.owner(where: { $0 == process }) {
        case .template(let number):
            // What it said last may still lie in the channel.
            readTemplate(number, atMost: Self.lastMessages)
            templates[number]?.closeChannel()
            perform(table.templateExited(number, status))
            dropTemplate(number)
        case .instance(let id):
            // Its last words are in the log before its end.
            instances[id]?.relayMessages()
            perform(
                table.instanceExited(
                    id, status, lackedMemory: instances[id]?.hasLackedMemory == true, crash: instances[id]?.crash))
        case nil: strays.remove(process)
        }
    }

    /// Gives up what is held of a template when it has ended and all that it forked has.
    private mutating func dropTemplate(_ number: Int) {
        if table.hasEnded(number), templates[number]?.listener == nil { templates[number] = nil }
    }

    /// Reads a template's messages. One that sends something else is killed.
    private mutating func readTemplate(_ number: Int, atMost limit: Int = messagesPerTurn) {
        for _ in 0..<limit {
            guard let template = table.templates[number], let handles = templates[number] else { return }
            switch handles.nextMessage(mayBringListener: template.confinedAt == nil, into: buffer) {
            case .frame(let message):
                perform(
                    table.receive(
                        message, from: number, hasListener: handles.listener != nil, at: .now,
                        isChild: ProcessHandle.isUnreapedChild))
            case .nothing: return
            case .closed: return handles.closeChannel()
            case .refused(let reason): return perform(table.refuse(number, "it sent what is no message: \(reason)"))
            }
        }
    }

    private mutating func handleCall(of number: Int, _ event: ReadinessList.Event) {
        guard let handles = templates[number], let call = handles.nextCall(event) else { return dropTemplate(number) }
        var caller = table.caller(call.thread, ProcessHandle.hasThread)
        if caller == nil || caller == .template(number) {
            // The template's answer to the order before, or its report of a child that is quick to make a forbidden call,
            // may lie unread in its channel.
            readTemplate(number)
            caller = table.caller(call.thread, ProcessHandle.hasThread)
        }
        // As long as it waits its thread's number is not another's.
        guard handles.listener?.isWaiting(call) == true else { return }
        guard let effects = table.decide(call, of: number, by: caller) else {
            handles.listener?.allow(call)
            return
        }
        perform(effects)
    }

    // MARK: Effects

    private mutating func perform(_ effects: [KeeperEffect]) {
        for effect in effects { perform(effect) }
    }

    private mutating func perform(_ effect: KeeperEffect) {
        switch effect {
        case .send(let event): send(event)
        case .log(let line): KeeperLog.write(line)
        // Sound by its number, which is the child's own until it is reaped, and nobody else reaps.
        case .kill(let process): kill(process, SIGKILL)
        case .reap(let process): reap(process)
        case .killStray(let process):
            guard !strays.contains(process), ProcessHandle.isUnreapedChild(process) else { return }
            KeeperLog.write("process \(process) is a child that nobody ordered: killed")
            strays.insert(process)
            kill(process, SIGKILL)
            reap(process)
        case .closeChannel(let number): templates[number]?.closeChannel()
        case .close(let id): instances[id] = nil
        case .endStrays:
            for process in table.strays(among: ProcessHandle.children()) { perform(.killStray(process)) }
        }
    }
}
