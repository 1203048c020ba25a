// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// One template as the node knows it.
struct PooledTemplate: Sendable {
    /// Where a template stands. `retired`: takes no more forks and was ordered to end. `ended`: the process is gone; the
    /// record is kept while instances of it live, since only it says which content they serve.
    enum Phase: Hashable, Sendable {
        case starting(deadline: MonotonicTime)
        case ready
        case retired
        case ended
    }

    let label: TemplateLabel
    fileprivate(set) var phase: Phase
    fileprivate(set) var processID: Int32 = 0
    /// When it was ordered; nil for one that was found at a keeper.
    fileprivate(set) var orderedAt: MonotonicTime?
    fileprivate(set) var loadMicroseconds: Int?
    /// How long its start took by stages, once it is ready.
    fileprivate(set) var stages: StartStages?

    /// The stages of a template's start; what no one else took is the hops and the exec, which count as the pod's.
    fileprivate func stages(_ readiness: FromKeeper.TemplateReadiness, readyAt: MonotonicTime) -> StartStages? {
        guard let orderedAt else { return nil }
        let total = readyAt.microseconds(since: orderedAt)
        let parts = [
            readiness.prewarmedMicroseconds, readiness.model.mappingMicroseconds, readiness.model.rehearsalMicroseconds,
        ].map { min(max(0, $0), total) }
        return StartStages(
            scalerPre: max(0, total - parts.reduce(0, +)), tePreLoad: parts[0], teLoad: parts[1],
            tePostLoad: parts[2], scalerPost: 0)
    }
}

/// The node's templates, their sole owner: at most one per content from which instances are forked, and those on their
/// way out. A pure value; `InstancePool` turns what it says into actions.
struct TemplateTable: Sendable {
    private(set) var records: [TemplateID: PooledTemplate] = [:]
    /// The one to fork from, starting or ready, by content.
    private(set) var current: [String: TemplateID] = [:]
    /// Since when a content's template has had no instance and nobody waiting.
    private(set) var unusedSince: [String: MonotonicTime] = [:]
    /// Those whose process is gone.
    private var ended: Set<TemplateID> = []

    subscript(id: TemplateID) -> PooledTemplate? { records[id] }

    /// Templates that are not ended.
    var livingCount: Int { records.values.count { $0.phase != .ended } }

    /// In an order that does not change from run to run.
    var sorted: [(key: TemplateID, value: PooledTemplate)] { records.sorted { $0.key.rawValue < $1.key.rawValue } }

    /// Notes a template that was ordered (`orderedAt`), or that a keeper already has.
    mutating func add(_ id: TemplateID, _ label: TemplateLabel, deadline: MonotonicTime, orderedAt: MonotonicTime?) {
        records[id] = PooledTemplate(label: label, phase: .starting(deadline: deadline), orderedAt: orderedAt)
        if current[label.content] == nil { current[label.content] = id }
    }

    /// The keeper has its process.
    mutating func setProcess(_ process: Int32, of id: TemplateID) {
        records[id]?.processID = process
    }

    /// The template that can fork now.
    func ready(for content: String) -> TemplateID? {
        guard let id = current[content], records[id]?.phase == .ready else { return nil }
        return id
    }

    /// The template has mapped its artefact; false for one that nobody waits for.
    mutating func becomeReady(_ id: TemplateID, _ readiness: FromKeeper.TemplateReadiness?, now: MonotonicTime) -> Bool
    {
        if let readiness, let stages = records[id].map({ $0.stages(readiness, readyAt: now) }) {
            records[id]?.loadMicroseconds = readiness.loadMicroseconds
            records[id]?.stages = stages
        }
        guard case .starting? = records[id]?.phase else { return false }
        records[id]?.phase = .ready
        return true
    }

    /// No more forks from it; true where it must be ordered to end.
    mutating func retire(_ id: TemplateID) -> Bool {
        guard let record = records[id], record.phase != .retired, record.phase != .ended else { return false }
        records[id]?.phase = .retired
        if current[record.label.content] == id { current[record.label.content] = nil }
        return true
    }

    /// Whether somebody needs the template of a content now.
    mutating func noteUse(of content: String, isUsed: Bool, now: MonotonicTime) {
        if isUsed || current[content] == nil {
            unusedSince[content] = nil
        } else if unusedSince[content] == nil {
            unusedSince[content] = now
        }
    }

    /// Its process is gone; what it was before.
    mutating func end(_ id: TemplateID) -> PooledTemplate? {
        guard let record = records[id], record.phase != .ended else { return nil }
        records[id]?.phase = .ended
        ended.insert(id)
        if current[record.label.content] == id { current[record.label.content] = nil }
        return record
    }

    /// Drops the records of ended templates except those in `used`, which is asked only where some have ended; which were
    /// dropped.
    mutating func release(except used: @autoclosure () -> Set<TemplateID>) -> [TemplateID] {
        guard !ended.isEmpty else { return [] }
        let over = ended.subtracting(used())
        for id in over { records[id] = nil }
        ended.subtract(over)
        return over.sorted { $0.rawValue < $1.rawValue }
    }
}
