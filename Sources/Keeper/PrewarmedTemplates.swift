// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Templates that were started beforehand and wait for a model: what a model's first start saves is an exec, the
/// runtime's start and the compilation of the system call filter.
///
/// They are made when the keeper has had nothing to do for a moment, so that they do not take the processor from the
/// start that used one up.
struct PrewarmedTemplates {
    /// How long after an order the missing ones are made.
    private static let quietMicroseconds = 500_000

    /// How many the daemon wants.
    private(set) var wanted = 0
    private var lastOrderAt = MonotonicTime.now
    /// One died before it was of use: an engine that cannot start is not tried for ever.
    private var isPaused = false

    /// The daemon wants so many.
    mutating func want(_ count: Int) {
        wanted = count
        isPaused = false
    }

    /// An order is being carried out.
    mutating func noteOrder() {
        lastOrderAt = .now
    }

    /// A template came as far as a pre-warmed one has to.
    mutating func noteSuccess() {
        isPaused = false
    }

    /// A pre-warmed one is gone.
    mutating func noteFailure() {
        isPaused = true
    }

    /// When the next one should be made if there are `count`; nil where there are enough.
    func dueAt(count: Int) -> MonotonicTime? {
        guard count < wanted, !isPaused else { return nil }
        return MonotonicTime(nanoseconds: lastOrderAt.nanoseconds + UInt64(Self.quietMicroseconds) * 1000)
    }
}

extension KeeperProcess {
    /// Order `keepPrewarmed`. Too many are ended.
    func keepPrewarmed(_ count: Int) {
        prewarmed.want(count)
        for (_, record) in prewarmedRecords.dropFirst(count) { record.kill() }
        sendPrewarmed()
    }

    /// Those that are not ending, ready or not.
    var prewarmedRecords: [(key: TemplateID, value: TemplateRecord)] {
        templates.filter { $0.value.model == nil && !$0.value.hasEnded && $0.value.channel != nil }
            .sorted { $0.key.rawValue < $1.key.rawValue }
    }

    /// Makes a pre-warmed one where that is due.
    func replenishPrewarmed() {
        guard !isRetiring, daemon != nil, let due = prewarmed.dueAt(count: prewarmedRecords.count), due <= .now else {
            return
        }
        do {
            try launch(.random(), model: nil)
        } catch {
            prewarmed.noteFailure()
            log.write("a pre-warmed template cannot be started: \(error)")
        }
    }

    /// The pre-warmed template that a model gets under `id`; nil where none is there.
    func takePrewarmed(as id: TemplateID) throws(SystemCallError) -> TemplateRecord? {
        let candidates = prewarmedRecords
        guard let (waiting, record) = candidates.first(where: { $0.value.prewarmedAt != nil }) ?? candidates.first
        else {
            return nil
        }
        templates[waiting] = nil
        templates[id] = record
        try rename(waiting, to: id, record)
        sendPrewarmed()
        return record
    }

    /// Tells how many wait.
    func sendPrewarmed() {
        tell(.prewarmed(prewarmedRecords.count { $0.value.prewarmedAt != nil }))
    }

    /// Its descriptors' events carry the new name from now on.
    private func rename(_ old: TemplateID, to new: TemplateID, _ record: TemplateRecord) throws(SystemCallError) {
        keys.release(.templateProcess(old))
        keys.release(.templateChannel(old))
        try readiness.modify(
            record.process.descriptor.rawValue, key: keys.make(.templateProcess(new)), .readable)
        guard let channel = record.channel?.descriptor.rawValue else { return }
        try readiness.modify(channel, key: keys.make(.templateChannel(new)), .readable)
    }
}
