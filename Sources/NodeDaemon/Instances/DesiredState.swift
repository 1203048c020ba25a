// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What an administrator or the scheduler wants of a model whether or not there is work for it.
struct DesiredState: Hashable, Sendable {
    /// Instances that are kept, idle or not.
    var minimumInstances = 0
    /// Its template is kept, and started where it is missing.
    var isPinned = false

    /// Nothing is wanted.
    var isEmpty: Bool { self == DesiredState() }
}

/// What is wanted of each model, its sole owner. It is kept by name, as it was ordered: a name that gets other content
/// wants the same of that. Names of one content share its instances and template, so the largest number holds.
struct DesiredStates: Hashable, Sendable {
    private(set) var byName: [ModelName: DesiredState] = [:]

    /// The instances that a content with these names is to have at least.
    func minimumInstances(_ names: [ModelName]) -> Int {
        names.reduce(0) { max($0, byName[$1]?.minimumInstances ?? 0) }
    }

    /// Whether the template of a content with these names is kept.
    func isPinned(_ names: [ModelName]) -> Bool { names.contains { byName[$0]?.isPinned == true } }

    /// Whether anything is wanted of a content with these names.
    func isWanted(_ names: [ModelName]) -> Bool { names.contains { byName[$0] != nil } }

    /// What an earlier daemon was told to keep, as far as the models are there.
    mutating func restore(_ states: [ModelName: DesiredState], of names: ServedNames, most: Int) {
        for (name, state) in states where names[name] != nil {
            setMinimumInstances(min(max(0, state.minimumInstances), most), of: name)
            setPinned(state.isPinned, of: name)
        }
    }

    mutating func setMinimumInstances(_ count: Int, of name: ModelName) {
        change(name) { $0.minimumInstances = count }
    }

    mutating func setPinned(_ isPinned: Bool, of name: ModelName) {
        change(name) { $0.isPinned = isPinned }
    }

    /// Nothing is wanted of the model any more.
    mutating func clear(_ name: ModelName) {
        byName[name] = nil
    }

    private mutating func change(_ name: ModelName, _ change: (inout DesiredState) -> Void) {
        var state = byName[name] ?? DesiredState()
        change(&state)
        byName[name] = state.isEmpty ? nil : state
    }
}
