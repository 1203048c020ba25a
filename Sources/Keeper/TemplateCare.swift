// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Starts `flowserve template` with its channel, and nothing else.
struct TemplateLauncher {
    let engine: String

    static let environment = [
        // The backtracer would scan /proc and exec a helper inside the sandbox; a crash is the keeper's to report.
        "SWIFT_BACKTRACE=enable=no",
        // Symbols are bound before the fork, not in each child.
        "LD_BIND_NOW=1",
        // Room for longer titles, see `ProcessTitle`.
        "FLOWSERVE_TITLE=" + String(repeating: "-", count: 192),
    ]

    /// `identity` is the template's user, see `TemplateIdentities`. A trial only confines itself and ends. Descriptor
    /// numbers in the template: 0 /dev/null, 1 and 2 the keeper's log, then its channel.
    func start(channel: CInt, identity: String?, isTrial: Bool = false) throws(SystemCallError) -> ProcessHandle {
        try ProcessLaunch(
            executable: engine,
            arguments: ["template"] + (identity.map { ["--identity", $0] } ?? []) + (isTrial ? ["--trial"] : []),
            environment: Self.environment, descriptors: [nil, STDERR_FILENO, STDERR_FILENO, channel]
        ).start()
    }
}

extension KeeperProcess {
    /// Order `startTemplate`: a pre-warmed one becomes the model's, or a fresh one where none waits.
    func startTemplate(_ id: TemplateID, model: String, artefact: consuming OwnedDescriptor?) {
        guard templates[id] == nil else { return log.write("\(id) exists already: order ignored") }
        guard let artefact else {
            return tell(.templateEnded(id, nil, message: "the order came without an artefact"))
        }
        prewarmed.noteOrder()
        do {
            let ordered = MonotonicTime.now
            let record = try takePrewarmed(as: id) ?? launch(id, model: model)
            record.model = model
            record.orderedAt = ordered
            tell(.templateStarting(id, model: model, processID: record.process.processID))
            // One that died meanwhile is reported by its process.
            let name = String(model.prefix { $0 != "@" })
            _ = try? ToTemplate.load(name: name).encoded().withUnsafeBytes {
                try record.channel?.send($0, descriptors: [artefact.rawValue], waits: false)
            }
        } catch {
            templates[id]?.kill()
            tell(.templateEnded(id, nil, message: "\(error)"))
        }
    }

    /// Execs a template.
    @discardableResult
    func launch(_ id: TemplateID, model: String?) throws(SystemCallError) -> TemplateRecord {
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        let process = try launcher.start(channel: theirs.descriptor.rawValue, identity: identities.next())
        let record = TemplateRecord(model: model, process: process, channel: ends.takeFirst())
        templates[id] = record
        record.group = groups.make(for: id, record.process.processID)
        try watch(id, record)
        return record
    }

    private func watch(_ id: TemplateID, _ record: TemplateRecord) throws(SystemCallError) {
        try readiness.add(record.process.descriptor.rawValue, key: keys.make(.templateProcess(id)), .readable)
        guard let channel = record.channel?.descriptor.rawValue else { return }
        try readiness.add(channel, key: keys.make(.templateChannel(id)), .readable)
    }

    /// Messages read from one template before everybody else has a turn: one that was taken over can write faster than
    /// they are read.
    private static let messagesPerTurn = 64
    /// More than a socket can hold of a template that has ended.
    private static let lastMessages = 1024

    /// Reads what a template says; one that talks nonsense is ended.
    func readTemplate(_ id: TemplateID, atMost limit: Int = messagesPerTurn) {
        guard let record = templates[id] else { return }
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        for _ in 0..<limit where record.channel != nil {
            var descriptors = ReceivedDescriptors()
            do {
                let result = try buffer.withUnsafeMutableBytes {
                    try receive(from: record, into: $0, &descriptors)
                }
                guard case .packet(let count) = result else {
                    if result != .nothing { closeChannel(id, record) }
                    return
                }
                let message = try buffer.prefix(count).withUnsafeBytes { try FromTemplate(decoding: $0) }
                guard record.isConfined else {
                    confine(id, record, message, &descriptors)
                    continue
                }
                heard(message, from: id, record)
            } catch let error as SystemCallError where error.code == ECONNRESET {
                // It ended with orders unread.
                return closeChannel(id, record)
            } catch {
                log.write("\(id) is ended: \(error)")
                record.complaint = "the template sent a malformed message (\(error))"
                closeChannel(id, record)
                return record.kill()
            }
        }
    }

    /// A template's first message may bring one descriptor, all others none.
    private func receive(
        from record: TemplateRecord, into buffer: UnsafeMutableRawBufferPointer,
        _ descriptors: inout ReceivedDescriptors
    ) throws(SystemCallError) -> PacketSocket.ReceiveResult {
        guard record.isConfined else {
            return try record.channel?.receive(into: buffer, descriptors: &descriptors, waits: false) ?? .closed
        }
        return try record.channel?.receive(into: buffer, waits: false) ?? .closed
    }

    private func confine(
        _ id: TemplateID, _ record: TemplateRecord, _ message: FromTemplate, _ descriptors: inout ReceivedDescriptors
    ) {
        if case .failed = message { return heard(message, from: id, record) }
        guard case .confined(let state) = message, descriptors.count <= 1 else {
            return refuse(id, record, "it spoke before it was confined")
        }
        confined(id, record, state, descriptors.takeFirst())
    }

    private func closeChannel(_ id: TemplateID, _ record: TemplateRecord) {
        keys.release(.templateChannel(id))
        record.channel = nil
    }

    private func heard(_ message: FromTemplate, from id: TemplateID, _ record: TemplateRecord) {
        switch message {
        case .confined: refuse(id, record, "it was confined twice")
        case .ready(let start):
            guard record.readiness == nil, record.model != nil else { return refuse(id, record, "it was ready twice") }
            let readiness = FromKeeper.TemplateReadiness(
                loadMicroseconds: MonotonicTime.now.microseconds(since: record.orderedAt),
                prewarmedMicroseconds: record.prewarmedAt?.microseconds(since: record.orderedAt) ?? 0, model: start)
            record.readiness = readiness
            tell(.templateReady(id, readiness))
        case .failed(let message):
            guard record.complaint.isEmpty else { return refuse(id, record, "it failed twice") }
            record.complaint = message
        case .forked(let instance, let process): forked(instance, process: process, by: id, record)
        case .forkFailed(let instance, let message):
            guard record.forks.answer() else { return refuse(id, record, "it answered more than it was asked") }
            end(instance, status: nil, message: message, by: id)
            // Whether it is true that nothing was forked is seen, not believed.
            endStrays()
        }
    }

    /// A template's process has ended: it is reaped, and forks that it still owed have failed.
    func reapTemplate(_ id: TemplateID) {
        guard let record = templates[id], let status = try? record.process.reap() else { return }
        // What it said last may still lie in the channel.
        readTemplate(id, atMost: Self.lastMessages)
        closeChannel(id, record)
        keys.release(.templateProcess(id))
        try? readiness.remove(record.process.descriptor.rawValue)
        guard record.model != nil else { return releasePrewarmed(id, status) }
        let message = record.complaint.isEmpty ? "template ended with \(status)" : record.complaint
        record.ending = Ending(status: status, message: message)
        for (instance, state) in instances where state.template == id && state.child == nil && !state.hasEnded {
            end(instance, status: nil, message: message, by: id)
        }
        log.write("\(id) ended with \(status)")
        endStrays()
        tell(.templateEnded(id, status, message: message))
    }

    /// Nobody waits for a pre-warmed template's end.
    private func releasePrewarmed(_ id: TemplateID, _ status: ExitStatus) {
        templates[id] = nil
        prewarmed.noteFailure()
        log.write("a pre-warmed template ended with \(status)")
        sendPrewarmed()
    }
}
