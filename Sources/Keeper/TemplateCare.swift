// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Starts `flowserve template` with its channel and artefact, and nothing else.
struct TemplateLauncher {
    let engine: String

    /// Descriptor numbers in the template: 0 /dev/null, 1 and 2 the keeper's log, then these.
    static let environment = [
        // The backtracer would scan /proc and exec a helper inside the sandbox; a crash is the keeper's to report.
        "SWIFT_BACKTRACE=enable=no",
        // Symbols are bound before the fork, not in each child.
        "LD_BIND_NOW=1",
    ]

    func start(channel: CInt, artefact: CInt) throws(SystemCallError) -> ProcessHandle {
        try ProcessLaunch(
            executable: engine, arguments: ["template"], environment: Self.environment,
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO, channel, artefact]
        ).start()
    }
}

extension KeeperProcess {
    /// Order `startTemplate`.
    func startTemplate(_ id: TemplateID, model: String, artefact: consuming OwnedDescriptor?) {
        guard templates[id] == nil else { return log.write("\(id) exists already: order ignored") }
        guard let artefact else {
            return tell(.templateEnded(id, nil, message: "the order came without an artefact"))
        }
        do {
            var ends = try PacketSocket.pair()
            let theirs = ends.takeSecond()
            let process = try launcher.start(channel: theirs.descriptor.rawValue, artefact: artefact.rawValue)
            let record = TemplateRecord(model: model, process: process, channel: ends.takeFirst())
            templates[id] = record
            try watch(id, record)
            tell(.templateStarting(id, model: model, processID: record.process.processID))
        } catch {
            templates[id]?.kill()
            tell(.templateEnded(id, nil, message: "\(error)"))
        }
    }

    private func watch(_ id: TemplateID, _ record: TemplateRecord) throws(SystemCallError) {
        try readiness.add(record.process.descriptor.rawValue, key: keys.make(.templateProcess(id)), .readable)
        guard let channel = record.channel?.descriptor.rawValue else { return }
        try readiness.add(channel, key: keys.make(.templateChannel(id)), .readable)
    }

    /// Reads what a template says; one that talks nonsense is ended.
    func readTemplate(_ id: TemplateID) {
        guard let record = templates[id] else { return }
        while record.channel != nil {
            var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
            do {
                let result = try buffer.withUnsafeMutableBytes {
                    try record.channel?.receive(into: $0, waits: false) ?? .closed
                }
                guard case .packet(let count) = result else {
                    if result != .nothing { closeChannel(id, record) }
                    return
                }
                heard(try buffer.prefix(count).withUnsafeBytes { try FromTemplate(decoding: $0) }, from: id, record)
            } catch {
                log.write("\(id) is ended: \(error)")
                record.complaint = "the template sent a malformed message (\(error))"
                closeChannel(id, record)
                return record.kill()
            }
        }
    }

    private func closeChannel(_ id: TemplateID, _ record: TemplateRecord) {
        keys.forget(.templateChannel(id))
        record.channel = nil
    }

    private func heard(_ message: FromTemplate, from id: TemplateID, _ record: TemplateRecord) {
        switch message {
        case .ready:
            let load = MonotonicTime.now.microseconds(since: record.startedAt)
            let readiness = FromKeeper.TemplateReadiness(loadMicroseconds: load)
            record.readiness = readiness
            tell(.templateReady(id, readiness))
        case .failed(let message): record.complaint = message
        case .forked(let instance, let process): forked(instance, process: process, by: id, record)
        case .forkFailed(let instance, let message): end(instance, status: nil, message: message, by: id)
        }
    }

    /// A template's process has ended: it is reaped, and forks that it still owed have failed.
    func reapTemplate(_ id: TemplateID) {
        guard let record = templates[id], let status = try? record.process.reap() else { return }
        // What it said last may still lie in the channel.
        readTemplate(id)
        closeChannel(id, record)
        keys.forget(.templateProcess(id))
        try? readiness.remove(record.process.descriptor.rawValue)
        let message = record.complaint.isEmpty ? "template ended with \(status)" : record.complaint
        record.ending = Ending(status: status, message: message)
        for (instance, state) in instances where state.template == id && state.child == nil && !state.hasEnded {
            end(instance, status: nil, message: message, by: id)
        }
        log.write("\(id) ended with \(status)")
        tell(.templateEnded(id, status, message: message))
    }
}
