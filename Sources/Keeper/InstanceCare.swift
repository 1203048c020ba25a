// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

extension KeeperProcess {
    /// Order `fork`: makes the instance's channel, KV segment and message pipe, and hands one end of each to the
    /// template.
    func fork(_ id: InstanceID, template: TemplateID, _ settings: InstanceSettings) {
        guard instances[id] == nil else { return log.write("\(id) exists already: order ignored") }
        guard let parent = templates[template], parent.channel != nil, parent.readiness != nil else {
            return tell(.instanceEnded(id, nil, message: "its template is not ready"))
        }
        do {
            let segment = try MemoryFile.sealed(name: "deepflow-kv", byteCount: Int(settings.keyValueBytes))
            var ends = try PacketSocket.pair()
            let theirs = ends.takeSecond()
            let pipe = try MessagePipe.make()
            let packet = ToTemplate.fork(id, settings).encoded()
            let given = [theirs.descriptor.rawValue, segment.rawValue, pipe.writer.rawValue]
            let result = try packet.withUnsafeBytes {
                try parent.channel?.send($0, descriptors: given, waits: false) ?? .wouldBlock
            }
            guard result == .sent else {
                return tell(.instanceEnded(id, nil, message: "its template does not take orders"))
            }
            let record = InstanceRecord(
                template: template, settings: settings, channel: SharedDescriptor(ends.takeFirst().takeDescriptor()),
                segment: segment, messages: pipe.reader)
            instances[id] = record
            try readiness.add(pipe.reader.number, key: keys.make(.instanceMessages(id)), .readable)
        } catch {
            tell(.instanceEnded(id, nil, message: "\(error)"))
        }
    }

    /// A template reports a child. The number is believed only if it is an unreaped child of the keeper that no other
    /// instance has: a template that was taken over could name anyone.
    func forked(_ id: InstanceID, process: Int32, by template: TemplateID, _ parent: TemplateRecord) {
        let isTaken = instances.values.contains { $0.child?.process.processID == process && !$0.hasEnded }
        guard let record = instances[id], record.template == template, record.child == nil, !record.hasEnded,
            !isTaken, ProcessHandle.isUnreapedChild(process), !templates.values.contains(where: { $0.is(process) })
        else {
            log.write("\(template) reported a child that nobody ordered: ended")
            parent.complaint = "the template forked without an order"
            return parent.kill()
        }
        do {
            let fork = MonotonicTime.now.microseconds(since: record.orderedAt)
            let child = ForkedChild(process: try ProcessHandle(ofChild: process), forkMicroseconds: fork)
            try readiness.add(child.process.descriptor.rawValue, key: keys.make(.instanceProcess(id)), .readable)
            record.child = child
            if record.isCondemned { record.kill() }
            tellRunning(id, record)
        } catch {
            Glibc.kill(process, SIGKILL)
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
        keys.forget(.instanceProcess(id))
        end(id, status: status, message: "instance ended with \(status)", by: record.template)
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
        keys.forget(.instanceMessages(id))
        record.messages = nil
    }
}

extension TemplateRecord {
    /// Whether `process` is this template's own, still unreaped, number.
    func `is`(_ process: Int32) -> Bool {
        !hasEnded && self.process.processID == process
    }
}
