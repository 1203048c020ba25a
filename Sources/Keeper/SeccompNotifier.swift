// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// Where the calls of one template and of all its children arrive that their filter leaves to the keeper. Lives until
/// the last of them has ended, longer than the template's record: a call that nobody receives is refused, but neither
/// named nor the end of its process.
final class SeccompNotifier {
    let listener: CallListener
    let template: TemplateRecord

    init(_ listener: CallListener, _ template: TemplateRecord) {
        self.listener = listener
        self.template = template
    }
}

/// How many forks a template may still make: as many as were ordered, one at a time, each answered before the next. A
/// template that was taken over cannot have a child that the keeper does not know of.
struct ForkAllowance {
    private var ordered = 0
    private var allowed = 0
    private var answered = 0

    /// So many forks were ordered.
    mutating func order(_ count: Int) {
        ordered += count
    }

    /// The template wants to fork now.
    mutating func allow() -> Bool {
        guard allowed < ordered, answered == allowed else { return false }
        allowed += 1
        return true
    }

    /// The template answered an order, with a child or with the reason why there is none; false where it owed none.
    mutating func answer() -> Bool {
        guard owesAnswers else { return false }
        // Without a listener nobody asks first, and some orders fail before the fork.
        if answered == allowed { allowed += 1 }
        answered = allowed
        return true
    }

    /// A child may exist that has not been reported yet.
    var isForking: Bool { allowed > answered }
    /// The same where nobody asks before a fork.
    var owesAnswers: Bool { answered < ordered }
}

extension Allowance {
    /// How often a process may signal itself. abort() needs two; each costs the keeper a moment, so one that was taken
    /// over must not ask without end.
    static var signals: Allowance { Allowance(8) }
}

extension KeeperProcess {
    /// A template's first message: it is in its sandbox, and this is the listener of its filter.
    func confined(
        _ id: TemplateID, _ record: TemplateRecord, _ state: SandboxState, _ listener: consuming OwnedDescriptor?
    ) {
        noteSandbox(state)
        record.isConfined = true
        record.prewarmedAt = .now
        prewarmed.noteSuccess()
        if record.model == nil { sendPrewarmed() }
        guard let listener else {
            guard state.deniedCalls != .named else { return refuse(id, record, "it kept the listener of its filter") }
            return
        }
        let gate = SeccompNotifier(CallListener(owning: listener), record)
        let number = UInt64(gate.listener.descriptor.rawValue)
        do {
            try readiness.add(gate.listener.descriptor.rawValue, key: keys.make(.calls(number)), .readable)
            gates[number] = gate
        } catch {
            refuse(id, record, "\(error)")
        }
    }

    /// Ends a template that does not keep to the protocol.
    func refuse(_ id: TemplateID, _ record: TemplateRecord, _ reason: String) {
        log.write("\(id) is ended: \(reason)")
        record.complaint = "the template broke the keeper's protocol: \(reason)"
        keys.release(.templateChannel(id))
        record.kill()
    }

    /// Remembers what is in force and tells the daemon when that is new.
    func noteSandbox(_ state: SandboxState) {
        guard sandbox != state else { return }
        sandbox = state
        for missing in state.missing { log.write("sandbox step not in force: \(missing)") }
        for remark in state.remarks { log.write("sandbox: \(remark)") }
        tellSandbox()
    }

    func tellSandbox() {
        guard let sandbox else { return }
        tell(.sandbox(sandbox, deniedCalls: UInt32(clamping: deniedCalls)))
    }

    /// Something happened on a listener.
    func readCalls(_ number: UInt64, _ event: ReadinessList.Event) {
        guard let gate = gates[number] else { return }
        if event.isReadable {
            do throws(SystemCallError) {
                if let call = try gate.listener.receive() { judge(call, gate) }
            } catch {
                log.write("a listener cannot be read: \(error)")
                closeGate(number)
            }
        } else if event.isHungUp {
            closeGate(number)
        }
    }

    private func closeGate(_ number: UInt64) {
        guard let gate = gates.removeValue(forKey: number) else { return }
        try? readiness.remove(gate.listener.descriptor.rawValue)
        keys.release(.calls(number))
    }

    /// 1. The template forks as often as it was ordered to. 2. A process may signal itself: abort() does. 3. Everything
    /// else is denied, and whoever tried it is killed.
    private func judge(_ call: InterceptedCall, _ gate: SeccompNotifier) {
        if gate.template.has(thread: call.thread) {
            if call.isFork {
                // Its answer to the order before may lie unread in its channel.
                if let id = identifier(of: gate.template) { readTemplate(id) }
                if gate.template.forks.allow() { return gate.listener.allow(call) }
            }
            if call.isSignal(to: gate.template.process.processID), gate.template.signals.take() {
                return gate.listener.allow(call)
            }
            return deny(call, ofTemplate: gate)
        }
        // The report of a child that is quick to make a forbidden call may still be on its way.
        if instance(with: call.thread) == nil, let id = identifier(of: gate.template) { readTemplate(id) }
        guard gate.listener.isWaiting(call) else { return }
        guard let (id, record) = instance(with: call.thread), let child = record.child else {
            return denyStranger(call, gate)
        }
        if call.isSignal(to: child.process.processID), record.signals.take() { return gate.listener.allow(call) }
        note(call, "\(id) (\(gate.template.modelText), process \(child.process.processID), thread \(call.thread))")
        record.deniedCall = "\(call)"
        record.kill()
    }

    private func deny(_ call: InterceptedCall, ofTemplate gate: SeccompNotifier) {
        note(call, "the template of \(gate.template.modelText), process \(gate.template.process.processID)")
        gate.template.complaint = "the template made the system call \(call), which its sandbox denies"
        gate.template.kill()
    }

    /// A child that nobody reported: it is ended, and the template that made it.
    private func denyStranger(_ call: InterceptedCall, _ gate: SeccompNotifier) {
        note(call, "an unknown child of the template of \(gate.template.modelText), thread \(call.thread)")
        gate.template.complaint = "the template has a child that nobody ordered"
        gate.template.kill()
        if ProcessHandle.isUnreapedChild(call.thread) { Glibc.kill(call.thread, SIGKILL) }
        endStrays()
    }

    private func note(_ call: InterceptedCall, _ caller: String) {
        log.write("denied call \(call) of \(caller): killed")
        noteDenial()
    }

    /// Counts a denied call and tells the daemon.
    func noteDenial() {
        deniedCalls += 1
        tellSandbox()
    }

    private func identifier(of template: TemplateRecord) -> TemplateID? {
        templates.first { $0.value === template }?.key
    }

    private func instance(with thread: Int32) -> (InstanceID, InstanceRecord)? {
        let found = instances.first { _, record in
            guard let child = record.child, !record.hasEnded else { return false }
            return child.process.has(thread: thread)
        }
        return found.map { ($0.key, $0.value) }
    }

    /// Kills and reaps children of the keeper that it does not know: what a template left that was taken over.
    func endStrays() {
        let living = templates.values.filter { !$0.hasEnded }
        // Where nobody asks before a fork, any order may have become a child already.
        let areNamed = sandbox?.deniedCalls == .named
        guard !living.contains(where: { areNamed ? $0.forks.isForking : $0.forks.owesAnswers }) else { return }
        var known = Set(living.map { $0.process.processID })
        for record in instances.values where !record.hasEnded {
            if let child = record.child { known.insert(child.process.processID) }
        }
        if let trial { known.insert(trial.process.processID) }
        for process in ProcessHandle.children() where !known.contains(process) {
            log.write("process \(process) is a child that nobody ordered: killed")
            guard let stray = try? ProcessHandle(ofChild: process) else { continue }
            try? stray.send(signal: SIGKILL)
            _ = try? stray.reap(waits: true)
        }
    }
}

extension TemplateRecord {
    /// Whether a thread of this number belongs to the template's process.
    func has(thread: Int32) -> Bool {
        !hasEnded && process.has(thread: thread)
    }

    /// For the log.
    var modelText: String { model.map { "model \($0)" } ?? "no model" }
}
