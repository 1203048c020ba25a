// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

extension KeeperProcess {
    /// Order `fork`: makes each instance's channel, memory, crash page and message pipe, and hands one end of each to the
    /// template, for as many instances in one packet as it can carry. What cannot be made ends that instance alone.
    func fork(_ ids: [InstanceID], template: TemplateID, _ settings: InstanceSettings) {
        prewarmed.noteOrder()
        let fresh = ids.filter { instances[$0] == nil }
        if fresh.count < ids.count { log.write("\(ids.count - fresh.count) instances exist already: order ignored") }
        var rest = fresh[...]
        while !rest.isEmpty {
            let group = rest.prefix(ToTemplate.forkLimit)
            rest = rest.dropFirst(group.count)
            guard let parent = templates[template], parent.channel != nil, parent.readiness != nil else {
                for id in group { tell(.instanceEnded(id, nil, message: "its template is not ready")) }
                continue
            }
            pass(group.compactMap { prepare($0, settings) }, to: parent, template, settings)
        }
    }

    /// Makes what an instance needs; nil where that failed, which was told.
    private func prepare(_ id: InstanceID, _ settings: InstanceSettings) -> PreparedInstance? {
        do {
            return try PreparedInstance(id, settings)
        } catch {
            tell(.instanceEnded(id, nil, message: "\(error)"))
            return nil
        }
    }

    /// Sends one order with all its descriptors; the template's ends are closed here afterwards.
    private func pass(
        _ group: [PreparedInstance], to parent: TemplateRecord, _ template: TemplateID, _ settings: InstanceSettings
    ) {
        guard !group.isEmpty else { return }
        let tags = ForkDescriptor.allCases
        let order = ToTemplate.fork(group.map(\.id), descriptors: tags, settings).encoded()
        let given = group.flatMap { tags.map($0.given) }
        do {
            let result = try order.withUnsafeBytes {
                try parent.channel?.send($0, descriptors: given, waits: false) ?? .wouldBlock
            }
            guard result == .sent else { return fail(group, "its template does not take orders") }
            parent.forks.order(group.count)
            for instance in group { adopt(instance, of: template, parent, settings) }
        } catch {
            fail(group, "\(error)")
        }
    }

    private func adopt(
        _ instance: PreparedInstance, of template: TemplateID, _ parent: TemplateRecord, _ settings: InstanceSettings
    ) {
        let record = InstanceRecord(template: template, parent.group, settings: settings, prepared: instance)
        instances[instance.id] = record
        guard let number = record.messages?.number else { return }
        // Without it its messages are lost, and nothing else.
        try? readiness.add(number, key: keys.make(.instanceMessages(instance.id)), .readable)
    }

    private func fail(_ group: [PreparedInstance], _ message: String) {
        for instance in group { tell(.instanceEnded(instance.id, nil, message: message)) }
    }

    /// A template reports a child. The number is believed only if it is an unreaped child of the keeper that no other
    /// instance has: a template that was taken over could name anyone.
    func forked(_ id: InstanceID, process: Int32, by template: TemplateID, _ parent: TemplateRecord) {
        let isOwed = parent.forks.answer()
        let isTaken = instances.values.contains { $0.child?.process.processID == process && !$0.hasEnded }
        guard isOwed, let record = instances[id], record.template == template, record.child == nil, !record.hasEnded,
            !isTaken, ProcessHandle.isUnreapedChild(process), !templates.values.contains(where: { $0.is(process) })
        else {
            log.write("\(template) reported a child that nobody ordered: ended")
            parent.complaint = "the template forked without an order"
            parent.kill()
            return endStrays()
        }
        do {
            let child = ForkedChild(process: try ProcessHandle(ofChild: process))
            try readiness.add(child.process.descriptor.rawValue, key: keys.make(.instanceProcess(id)), .readable)
            record.child = child
            if record.isCondemned { record.kill() }
            tellRunning(id, record)
        } catch {
            // Without a handle nobody else would ever reap it.
            Glibc.kill(process, SIGKILL)
            waitpid(process, nil, 0)
            end(id, status: nil, message: "\(error)", by: template)
        }
    }

    /// An instance's process has ended.
    func reapInstance(_ id: InstanceID) {
        guard let record = instances[id], let child = record.child, let status = try? child.process.reap() else {
            return
        }
        // Its last words explain the status.
        relayMessages(id)
        try? readiness.remove(child.process.descriptor.rawValue)
        keys.release(.instanceProcess(id))
        if record.deniedCall == nil, status == .signalled(signal: SIGSYS) { noteDenial() }
        end(id, status: status, message: record.words(for: status), by: record.template)
    }

    /// Notes and tells the end of an instance of `template`; a report about another template's instance is ignored.
    func end(_ id: InstanceID, status: ExitStatus?, message: String, by template: TemplateID) {
        guard let record = instances[id], record.template == template, !record.hasEnded else { return }
        record.ending = Ending(status: status, message: message)
        closeMessages(id, record)
        if status?.isSuccess != true { log.write("\(id): \(message)") }
        tell(.instanceEnded(id, status, message: message))
    }

    /// Passes lines from an instance's stderr on to the log.
    func relayMessages(_ id: InstanceID) {
        guard let record = instances[id], record.messages != nil else { return }
        if record.messages?.relay(to: log, as: "\(id)") == false { closeMessages(id, record) }
    }

    private func closeMessages(_ id: InstanceID, _ record: InstanceRecord) {
        guard let number = record.messages?.number else { return }
        try? readiness.remove(number)
        keys.release(.instanceMessages(id))
        record.messages = nil
    }
}

extension InstanceRecord {
    /// Why it ended, in a sentence.
    fileprivate func words(for status: ExitStatus) -> String {
        if let deniedCall {
            return "instance was killed for the system call \(deniedCall), \(FromKeeper.deniedCallWords)"
        }
        if status == .signalled(signal: SIGSYS) {
            return "instance was ended by its filter: it repeated a call of its own start, or used another call table"
        }
        if status == .signalled(signal: SIGKILL), !isCondemned, group?.hasLackedMemory() == true {
            return "the kernel killed the instance for want of memory: give the node more, or fewer instances at once"
        }
        guard let crash = CrashPage(crashPage.rawValue), case .signalled = status else {
            return "instance ended with \(status)"
        }
        return "instance ended with \(status) \(crash)"
    }
}

extension TemplateRecord {
    /// Whether `process` is this template's own, still unreaped, number.
    func `is`(_ process: Int32) -> Bool {
        !hasEnded && self.process.processID == process
    }
}
