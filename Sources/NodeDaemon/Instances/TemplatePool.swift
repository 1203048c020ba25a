// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// The node's templates: at most one per model from which instances are forked, and those on their way out. A pure
/// value; `InstancePool` turns what it says into orders.
struct TemplatePool {
    /// Where a template stands. `retired`: takes no more forks and was told to end. `ended`: the process is gone, its
    /// entry is kept while instances of it live, since only it says which model they serve.
    enum Phase: Hashable {
        case starting(deadline: MonotonicTime)
        case ready
        case retired
        case ended
    }

    struct Template {
        let model: ModelKey
        var phase: Phase
    }

    private(set) var templates: [TemplateID: Template] = [:]
    /// The one to fork from, starting or ready.
    private(set) var current: [ModelKey: TemplateID] = [:]

    /// Notes a template that was ordered, or that a keeper already has.
    mutating func add(_ id: TemplateID, model: ModelKey, phase: Phase) {
        templates[id] = Template(model: model, phase: phase)
        guard phase != .ended, phase != .retired, current[model] == nil else { return }
        current[model] = id
    }

    /// The template that can fork now.
    func ready(for model: ModelKey) -> TemplateID? {
        guard let id = current[model], templates[id]?.phase == .ready else { return nil }
        return id
    }

    /// The template has mapped its artefact; false for one that nobody waits for.
    mutating func becomeReady(_ id: TemplateID) -> Bool {
        guard case .starting? = templates[id]?.phase else { return false }
        templates[id]?.phase = .ready
        return true
    }

    /// No more forks from it; true where it must be told to end.
    mutating func retire(_ id: TemplateID) -> Bool {
        guard let template = templates[id], template.phase != .retired, template.phase != .ended else { return false }
        templates[id]?.phase = .retired
        if current[template.model] == id { current[template.model] = nil }
        return true
    }

    /// Its process is gone; what it was before.
    mutating func end(_ id: TemplateID) -> Template? {
        guard let template = templates[id], template.phase != .ended else { return nil }
        templates[id]?.phase = .ended
        if current[template.model] == id { current[template.model] = nil }
        return template
    }

    /// Drops the entries of ended templates except those in `used`; what was dropped.
    mutating func release(except used: Set<TemplateID>) -> [TemplateID] {
        let over = templates.filter { $0.value.phase == .ended && !used.contains($0.key) }.map(\.key)
        for id in over { templates[id] = nil }
        return over.sorted { $0.rawValue < $1.rawValue }
    }
}
