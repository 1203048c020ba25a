// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// What the keeper holds of its processes, and the calls on it. Nothing here decides, and nothing waits.
struct HeldProcesses {
    private let sources: ReadinessSources<EventSource>
    private let log = KeeperLog()
    /// With the keeper's weight against that of all templates and instances together.
    private let groups = ControlGroupTree(name: "deepflow-\(getpid())", leaf: "keeper", weight: 1000)
    private var launcher: TemplateLauncher
    private var lastTemplate = 0
    private var templates: [Int: TemplateHandles] = [:]
    private var instances: [InstanceID: InstanceHandles] = [:]
    /// Where the system calls of a template and of all its children arrive that their filter leaves to the keeper. Kept
    /// until the last of them has ended, longer than the template: a call that nobody receives is refused, but neither
    /// named nor the end of its process.
    private var listeners: [Int: CallListener] = [:]
    /// Killed children that nobody ordered; nil where the kernel gave no handle.
    private var strays: [Int32: SharedDescriptor?] = [:]

    init(_ sources: ReadinessSources<EventSource>, _ launcher: TemplateLauncher) {
        self.sources = sources
        self.launcher = launcher
    }

    /// Controllers of the control groups; nil where there are no groups.
    var controllers: [String]? { groups.controllers }
    var hasStrays: Bool { !strays.isEmpty }

    // MARK: Templates

    /// Execs a template; its number and its process.
    mutating func start(isTrial: Bool = false) throws(SystemCallError) -> (number: Int, process: Int32) {
        lastTemplate += 1
        let handles = try launcher.start(isTrial: isTrial, groups, number: lastTemplate)
        do throws(SystemCallError) {
            try sources.add(.templateProcess(lastTemplate), handles.process.descriptor.rawValue)
            try sources.add(.templateChannel(lastTemplate), handles.channel?.descriptor.rawValue ?? -1)
            templates[lastTemplate] = handles
            return (lastTemplate, handles.process.processID)
        } catch {
            sources.remove(.templateProcess(lastTemplate))
            killStray(handles.process.processID)
            throw error
        }
    }

    /// Gives a template its model. One that died meanwhile is reported by its process.
    func load(_ number: Int, name: String, artefact: SharedDescriptor) {
        _ = templates[number]?.channel?.sendFrame(ToTemplate.load(name: name), descriptors: [artefact.rawValue])
    }

    /// The next message of a template, with the listener of its filter where that may come along.
    func nextMessage(
        from number: Int, mayBringListener: Bool, into buffer: UnsafeMutableRawBufferPointer
    ) -> (FrameArrival<FromTemplate>, CallListener?) {
        guard let handles = templates[number], handles.channel != nil else { return (.nothing, nil) }
        var descriptors = ReceivedDescriptors()
        let arrival: FrameArrival<FromTemplate> =
            handles.channel?.receiveFrame(
                into: buffer, descriptors: &descriptors, allowsDescriptors: mayBringListener) ?? .closed
        guard descriptors.count <= 1 else { return (.refused("more than one descriptor"), nil) }
        guard let descriptor = descriptors.takeFirst() else { return (arrival, nil) }
        return (arrival, CallListener(owning: descriptor))
    }

    /// Nothing of a template is read any more, which it sees as its end.
    func closeChannel(_ number: Int) {
        sources.remove(.templateChannel(number))
        templates[number]?.channel = nil
    }

    func killTemplate(_ number: Int) {
        closeChannel(number)
        try? templates[number]?.process.send(signal: SIGKILL)
    }

    /// How a template ended; nil while it lives.
    func exitStatus(ofTemplate number: Int) -> ExitStatus? { try? templates[number]?.process.reap() }

    /// Gives up what is held of a template that has ended.
    mutating func closeTemplate(_ number: Int) {
        closeChannel(number)
        sources.remove(.templateProcess(number))
        templates[number] = nil
    }

    // MARK: System calls

    /// Takes the listener of a template's filter; false where it cannot be waited for.
    mutating func keep(_ listener: CallListener, of number: Int) -> Bool {
        guard (try? sources.add(.systemCalls(number), listener.descriptor.rawValue)) != nil else { return false }
        listeners[number] = listener
        return true
    }

    /// The call that waits at a listener, whose last process may have ended instead.
    mutating func nextCall(of number: Int, _ event: ReadinessList.Event) -> InterceptedCall? {
        do throws(SystemCallError) {
            if event.isReadable { return try listeners[number]?.receive() }
        } catch {
            log.write("a listener cannot be read: \(error)")
        }
        sources.remove(.systemCalls(number))
        listeners[number] = nil
        return nil
    }

    func isWaiting(_ call: InterceptedCall, of number: Int) -> Bool { listeners[number]?.isWaiting(call) == true }
    func allow(_ call: InterceptedCall, of number: Int) { listeners[number]?.allow(call) }

    // MARK: Instances

    /// Makes what instances need and passes the order on with all descriptors; which it was passed for, and why it was
    /// not for the others. At most `ToTemplate.forkLimit`.
    mutating func fork(
        _ ids: some Collection<InstanceID>, _ settings: InstanceSettings, of number: Int
    ) -> (passed: [InstanceID], failures: [(InstanceID, String)]) {
        let group = templates[number]?.group
        var made: [(id: InstanceID, handles: InstanceHandles)] = []
        var failures: [(InstanceID, String)] = []
        for id in ids {
            do throws(SystemCallError) {
                made.append((id, try InstanceHandles(id, settings, group)))
            } catch {
                failures.append((id, "\(error)"))
            }
        }
        let tags = ForkDescriptor.allCases
        let order = ToTemplate.fork(made.map(\.id), descriptors: tags, settings)
        let descriptors = made.flatMap { $0.handles.descriptors(tags) }
        guard made.isEmpty || templates[number]?.channel?.sendFrame(order, descriptors: descriptors) == true else {
            return ([], failures + made.map { ($0.id, "its template does not take orders") })
        }
        for (id, handles) in made {
            handles.passed()
            instances[id] = handles
            // Without it its messages are lost, and nothing else.
            try? sources.add(.instanceMessages(id), handles.messages.number)
        }
        return (made.map(\.id), failures)
    }

    /// Takes hold of the process of an instance.
    func adopt(_ id: InstanceID, _ process: Int32) throws(SystemCallError) {
        guard let handles = instances[id] else { return }
        try sources.add(.instanceProcess(id), handles.adopt(process))
    }

    /// The daemon's end of an instance's channel.
    func channel(of id: InstanceID) -> SharedDescriptor? { instances[id]?.channel }

    func killInstance(_ id: InstanceID) { instances[id]?.kill() }

    /// How an instance ended, and what else is known of that; nil while it lives. Its last words are in the log before.
    func exitStatus(of id: InstanceID) -> (ExitStatus, SupervisedInstance.Circumstances)? {
        guard let handles = instances[id], let status = handles.reap() else { return nil }
        relayMessages(id)
        return (
            status,
            SupervisedInstance.Circumstances(
                lackedMemory: { handles.group?.hasLackedMemory() == true },
                crash: { CrashPage(handles.crashPage.rawValue) })
        )
    }

    /// Passes lines from an instance's stderr on to the log.
    func relayMessages(_ id: InstanceID) {
        let isOpen = instances[id]?.messages.read { log.write("\(id): \($0)") }
        if isOpen == false { sources.remove(.instanceMessages(id)) }
    }

    /// Gives up what is held of an instance that has ended.
    mutating func closeInstance(_ id: InstanceID) {
        sources.remove(.instanceProcess(id))
        sources.remove(.instanceMessages(id))
        instances[id] = nil
    }

    // MARK: Others

    /// Kills a child that belongs to nothing. It is reaped when it has ended.
    mutating func killStray(_ process: Int32) {
        guard strays[process] == nil, ProcessHandle.isUnreapedChild(process) else { return }
        kill(process, SIGKILL)
        strays[process] = .some(nil)
        if let handle = try? ProcessHandle(ofChild: process) {
            let end = SharedDescriptor(handle.takeDescriptor())
            if (try? sources.add(.stray(process), end.rawValue)) != nil { strays[process] = end }
        }
        log.write("process \(process) is a child that nobody ordered: killed")
    }

    /// Reaps those that have ended. The result is whether some are left of which no event will come.
    mutating func reapStrays() -> Bool {
        for process in strays.keys where ProcessHandle.reapChild(process) {
            sources.remove(.stray(process))
            strays[process] = nil
        }
        return strays.values.contains { $0 == nil }
    }

    /// Kills whatever is in the control groups.
    func killAll() { groups.killAll() }

    /// Gives up everything.
    mutating func closeAll() {
        (templates, instances) = ([:], [:])
        groups.remove()
    }
}
