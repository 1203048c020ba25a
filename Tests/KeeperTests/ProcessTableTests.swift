// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import Sandbox
import ServingModel
import Testing

@testable import Keeper

@Suite("What the keeper knows of its processes")
struct ProcessTableTests {
    @Test("In any history each ordered instance ends once, runs at most once before, and nothing is left")
    func histories() {
        for seed in UInt64(1)...600 {
            var history = History(seed: seed)
            for _ in 0..<250 { history.step() }
            history.finish()
            #expect(history.defects.isEmpty, "seed \(seed): \(history.defects)")
            if !history.defects.isEmpty { return }
        }
    }

    private static let settings = InstanceSettings(keyValueBytes: 4096, rankCount: 1, maximumTasks: 1)
    private static let now = MonotonicTime(nanoseconds: 1)
    private static let sandbox = SandboxState(deniedCalls: .named, identity: "", missing: [], remarks: [])

    /// A table with one template that serves, as number 1.
    private func servingTable(_ id: TemplateID) -> ProcessTable {
        var table = ProcessTable()
        table.add(SupervisedTemplate(process: 10, orderedAt: Self.now), as: 1)
        _ = table.assign(1, to: id, key: "m@d", at: Self.now)
        _ = table.receive(.confined(Self.sandbox), from: 1, hasListener: true, at: Self.now) { _ in true }
        let ready = FromTemplate.ready(TemplateStart(mappingMicroseconds: 0, rehearsalMicroseconds: 0))
        _ = table.receive(ready, from: 1, at: Self.now) { _ in true }
        return table
    }

    @Test("A template that names a process which is no child, or another's, is killed and nothing is adopted")
    func falseReports() {
        for process: Int32 in [10, 99] {
            var table = servingTable(.random())
            let id = InstanceID.random()
            table.order([id], of: 1, Self.settings, at: Self.now)
            let effects = table.receive(.forked(id, processID: process), from: 1, at: Self.now) { $0 == 10 }
            #expect(effects.contains { if case .kill(10) = $0 { true } else { false } })
            #expect(!effects.contains { if case .send(.instanceRunning) = $0 { true } else { false } })
            #expect(table.instances[id]?.process == nil)
        }
    }

    @Test("An instance that was killed before it was known is killed when it is, and told of all the same")
    func earlyKill() {
        var table = servingTable(.random())
        let id = InstanceID.random()
        table.order([id], of: 1, Self.settings, at: Self.now)
        let early = table.killInstance(id)
        #expect(early.isEmpty)
        let effects = table.receive(.forked(id, processID: 20), from: 1, at: Self.now) { _ in true }
        #expect(effects.contains { if case .kill(20) = $0 { true } else { false } })
        #expect(effects.contains { if case .send(.instanceRunning(id, _)) = $0 { true } else { false } })
    }

    @Test("The first template tells of the sandbox and then ends where none is wanted; else it is kept")
    func firstTemplate() {
        for wanted in 0...1 {
            var table = ProcessTable()
            table.add(SupervisedTemplate(process: 10, orderedAt: Self.now), as: 1)
            let early = table.keepPrewarmed(wanted)
            #expect(!early.contains { if case .kill = $0 { true } else { false } })
            let effects = table.receive(.confined(Self.sandbox), from: 1, hasListener: true, at: Self.now) { _ in true }
            #expect(effects.contains { if case .send(.sandbox(Self.sandbox, 0)) = $0 { true } else { false } })
            #expect(effects.contains { if case .kill(10) = $0 { true } else { false } } == (wanted == 0))
            #expect(effects.contains { if case .send(.prewarmed(1)) = $0 { true } else { false } } == (wanted == 1))
            _ = table.templateExited(1, .signalled(signal: SIGKILL))
            // An end that was ordered says nothing against making another one.
            _ = table.keepPrewarmed(1)
            #expect(table.prewarmingDue != nil)
        }
    }

    @Test("An instance's end is told with its cause")
    func causes() {
        let call = InterceptedCall(
            id: 1, thread: 20, number: Int32(SystemCallName.number(of: "mount") ?? -1),
            architecture: ProcessorFamily.native.token, arguments: [1, 2, 3, 4, 5, 6])
        let denied = DeniedCall(number: call.number, name: "mount", arguments: call.arguments)
        typealias Act = (inout ProcessTable, InstanceID) -> Void
        let deny: Act = { table, id in _ = table.decide(call, of: 1, by: .instance(id)) }
        let order: Act = { table, id in _ = table.killInstance(id) }
        let cases: [(Act?, LinuxKernel.ExitStatus, isShort: Bool, ProcessEnd)] = [
            (deny, .signalled(signal: SIGKILL), false, .deniedCall(denied)),
            (deny, .signalled(signal: SIGSEGV), false, .deniedCall(denied)),
            (order, .signalled(signal: SIGKILL), true, .killedByOrder),
            (order, .exited(code: 0), false, .exited(code: 0)),
            (nil, .signalled(signal: SIGKILL), true, .outOfMemory),
            (nil, .signalled(signal: SIGKILL), false, .signalled(signal: SIGKILL)),
            (nil, .signalled(signal: SIGSYS), true, .filtered),
        ]
        for (act, status, isShort, end) in cases {
            var table = servingTable(.random())
            let id = InstanceID.random()
            table.order([id], of: 1, Self.settings, at: Self.now)
            _ = table.receive(.forked(id, processID: 20), from: 1, at: Self.now) { _ in true }
            act?(&table, id)
            let effects = table.instanceExited(id, status, lackedMemory: isShort)
            #expect(effects.contains { if case .send(.instanceEnded(id, end)) = $0 { true } else { false } }, "\(end)")
        }
    }

    @Test("A template that ends before it has told leaves the sandbox unknown, with the reason")
    func unknownSandbox() {
        var table = ProcessTable()
        table.add(SupervisedTemplate(process: 10, orderedAt: Self.now), as: 1)
        let effects = table.templateExited(1, .exited(code: 3))
        let missing = effects.compactMap { if case .send(.sandbox(let state, _)) = $0 { state.missing } else { nil } }
        #expect(missing == [["all: a template ended: exit status 3"]])
    }
}

/// A keeper's table with an invented kernel, daemon and templates, of which some do not keep to the protocol.
private struct History {
    private var table = ProcessTable()
    private var chance: SystemChance
    private(set) var defects: [String] = []
    private var lastTemplate = 0
    private var lastProcess: Int32 = 100
    /// Unreaped children: nil where only the kernel knows of them.
    private var children: [Int32: Child] = [:]
    private var dying: Set<Int32> = []
    /// Orders that a template has not answered.
    private var orders: [Int: [InstanceID]] = [:]
    /// Templates that said what is not so.
    private var liars: Set<Int> = []
    private var running: Set<InstanceID> = []
    private var ended: Set<InstanceID> = []
    private var ordered: Set<InstanceID> = []
    private var endedTemplates: Set<TemplateID> = []
    private var now = MonotonicTime(nanoseconds: 1)

    private enum Child {
        case template(Int)
        case instance(InstanceID)
        case stray
    }

    private typealias SystemChance = SplitMix

    init(seed: UInt64) {
        chance = SplitMix(state: seed)
    }

    private mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &chance) }

    /// The same one for the same seed, whatever the order in which a set is walked.
    private mutating func one<Number: BinaryInteger>(of numbers: some Sequence<Number>) -> Number? {
        numbers.sorted().randomElement(using: &chance)
    }

    private mutating func one<Subject>(of ids: some Sequence<Identifier<Subject>>) -> Identifier<Subject>? {
        ids.sorted { $0.rawValue < $1.rawValue }.randomElement(using: &chance)
    }

    private mutating func fork(_ child: Child) -> Int32 {
        lastProcess += 1
        children[lastProcess] = child
        return lastProcess
    }

    mutating func step() {
        now = now.adding(milliseconds: 1)
        switch number(below: 12) {
        case 0: startTemplate()
        case 1, 2: orderForks()
        case 3, 4, 5: answerOrder()
        case 6: speakNonsense()
        case 7: endSomething()
        case 8: makeCall()
        case 9:
            if let id = one(of: table.instances.keys) { perform(table.killInstance(id)) }
        case 10:
            guard number(below: 4) == 0, let number = one(of: table.templates.keys) else { return }
            perform(table.killTemplate(number))
        default: releaseSomething()
        }
        if let process = one(of: dying) { die(process, .signalled(signal: SIGKILL)) }
    }

    private mutating func startTemplate() {
        lastTemplate += 1
        let process = fork(.template(lastTemplate))
        table.add(SupervisedTemplate(process: process, orderedAt: now), as: lastTemplate)
        perform(table.keepPrewarmed(1))
        let state = SandboxState(deniedCalls: .named, identity: "", missing: [], remarks: [])
        receive(.confined(state), from: lastTemplate, hasListener: number(below: 20) > 0)
        guard table.templates[lastTemplate]?.isPrewarmed == true else { return }
        perform(table.assign(lastTemplate, to: .random(using: &chance), key: "m", at: now))
        receive(.ready(TemplateStart(mappingMicroseconds: 1, rehearsalMicroseconds: 1)), from: lastTemplate)
    }

    private mutating func receive(_ message: FromTemplate, from number: Int, hasListener: Bool = false) {
        let known = Set(children.keys)
        perform(
            table.receive(message, from: number, hasListener: hasListener, at: now) { known.contains($0) })
    }

    private mutating func orderForks() {
        guard let number = one(of: table.templates.filter { $0.value.takesForks }.keys) else {
            return
        }
        let ids = (0...self.number(below: 3)).map { _ in InstanceID.random(using: &chance) }
        table.order(ids, of: number, InstanceSettings(keyValueBytes: 1, rankCount: 1, maximumTasks: 1), at: now)
        ordered.formUnion(ids)
        orders[number, default: []] += ids
    }

    /// An honest template asks, forks and reports; some forks fail.
    private mutating func answerOrder() {
        guard let number = one(of: orders.filter { !$0.value.isEmpty }.keys),
            table.templates[number]?.takesForks == true
        else { return }
        let id = orders[number, default: []].removeFirst()
        guard self.number(below: 5) > 0 else { return receive(.forkFailed(id, message: "full"), from: number) }
        if let denial = table.decide(Self.fork, of: number, by: .template(number)) {
            // What it said before may have used the order up.
            if !liars.contains(number) { defects.append("an ordered fork was denied") }
            return perform(denial)
        }
        receive(.forked(id, processID: fork(.instance(id))), from: number)
    }

    private static var fork: InterceptedCall { call("clone", 0x0120_8000) }

    private static func call(_ name: String, _ argument: UInt64) -> InterceptedCall {
        InterceptedCall(
            id: 1, thread: 1, number: Int32(SystemCallName.number(of: name) ?? -1),
            architecture: ProcessorFamily.native.token, arguments: [argument, 0, 0, 0, 0, 0])
    }

    /// A compromised template.
    private mutating func speakNonsense() {
        guard number(below: 3) == 0, let number = one(of: table.templates.filter { !$0.value.hasEnded }.keys) else {
            return
        }
        liars.insert(number)
        let id = one(of: ordered) ?? .random(using: &chance)
        let process = one(of: children.keys) ?? 1
        switch self.number(below: 5) {
        case 0: receive(.forked(id, processID: process), from: number)
        case 1: receive(.forkFailed(id, message: "noise"), from: number)
        case 2: receive(.ready(TemplateStart(mappingMicroseconds: 1, rehearsalMicroseconds: 1)), from: number)
        case 3: receive(.failed(message: "noise"), from: number)
        default: _ = fork(.stray)
        }
    }

    private mutating func makeCall() {
        guard number(below: 2) == 0, let number = one(of: table.templates.keys) else { return }
        let caller: ProcessTable.Owner? =
            switch self.number(below: 3) {
            case 0: nil
            case 1: table.hasEnded(number) ? nil : .template(number)
            default:
                one(of: table.instances.filter { $0.value.process != nil && !$0.value.hasEnded }.keys).map {
                    .instance($0)
                }
            }
        if let effects = table.decide(Self.call("mount", 0), of: number, by: caller) {
            perform(effects)
        } else {
            defects.append("mount was allowed")
        }
    }

    private mutating func endSomething() {
        guard let process = one(of: children.keys) else { return }
        die(process, number(below: 2) == 0 ? .exited(code: 0) : .signalled(signal: SIGSEGV))
    }

    private mutating func die(_ process: Int32, _ status: LinuxKernel.ExitStatus) {
        dying.remove(process)
        switch children.removeValue(forKey: process) {
        case .template(let number):
            orders[number] = nil
            perform(table.templateExited(number, status))
        case .instance(let id):
            // One that nobody took hold of is reaped as a stray.
            if table.instances[id]?.process == process { perform(table.instanceExited(id, status)) }
        case .stray, nil: break
        }
    }

    private mutating func releaseSomething() {
        if let id = one(of: ended) { table.releaseInstance(id) }
        if let id = one(of: endedTemplates) { table.releaseTemplate(id) }
    }

    private mutating func perform(_ effects: [KeeperEffect]) {
        for effect in effects {
            switch effect {
            case .send(let event): note(event)
            case .kill(let process), .killStray(let process):
                if children[process] != nil { dying.insert(process) }
            case .reap(let process): if number(below: 15) == 0 { die(process, .exited(code: 1)) }
            case .endStrays:
                let strays = table.strays(among: Array(children.keys))
                for process in strays {
                    if case .instance(let id) = children[process], running.contains(id), !ended.contains(id) {
                        defects.append("a running instance counts as a stray")
                    }
                    dying.insert(process)
                }
            case .log, .close, .closeChannel: break
            }
        }
    }

    private mutating func note(_ event: FromKeeper) {
        switch event {
        case .instanceRunning(let id, _):
            if !running.insert(id).inserted { defects.append("\(id) runs twice") }
            if ended.contains(id) { defects.append("\(id) runs after its end") }
        case .instanceEnded(let id, _):
            if !ended.insert(id).inserted { defects.append("\(id) ended twice") }
            if !ordered.contains(id) { defects.append("\(id) was never ordered") }
        case .templateEnded(let id, _):
            if !endedTemplates.insert(id).inserted { defects.append("\(id) ended twice") }
        default: break
        }
    }

    /// Everything is killed and dies.
    mutating func finish() {
        perform(table.retire())
        while let process = dying.first { die(process, .signalled(signal: SIGKILL)) }
        if table.hasInstances || !table.processes.isEmpty { defects.append("something lives on") }
        if !children.isEmpty { defects.append("\(children.count) children were forgotten") }
        if ended != ordered { defects.append("\(ordered.subtracting(ended).count) instances never ended") }
        for id in ended { table.releaseInstance(id) }
        for id in endedTemplates { table.releaseTemplate(id) }
        if !table.instances.isEmpty || !table.templates.isEmpty { defects.append("something is kept for ever") }
    }
}
