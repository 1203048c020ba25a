// SPDX-License-Identifier: Apache-2.0

/// A program that has settings. The raw value names its files: `scheduler.yaml`.
package enum ConfiguredProgram: String, CaseIterable, Sendable {
    case scheduler, node

    /// The executable.
    package var command: String {
        switch self {
        case .scheduler: "deepflow-schedulerd"
        case .node: "deepflow-noded"
        }
    }

    /// The type of its settings.
    package var settingSet: any SettingSet.Type {
        switch self {
        case .scheduler: SchedulerSettings.self
        case .node: NodeSettings.self
        }
    }

    /// What is declared of each of its settings, in the declarations' order.
    package var settings: [SettingFacts] {
        func facts<Settings: SettingSet>(of type: Settings.Type) -> [SettingFacts] { type.settings.map(\.facts) }
        return facts(of: settingSet)
    }

    /// The default of each of its settings, by name.
    var defaults: [String: SettingValue] {
        func values<Settings: SettingSet>(of type: Settings.Type) -> [String: SettingValue] {
            let settings = type.init()
            return Dictionary(uniqueKeysWithValues: type.settings.map { ($0.facts.name, $0.value(settings)) })
        }
        return values(of: settingSet)
    }

    /// What its sources make of its settings: every problem, and every setting as it stands.
    package func review(_ layers: [SettingLayer]) -> (problems: [SettingProblem], listing: [SettingListing]) {
        func review<Settings: SettingSet>(_ type: Settings.Type) -> ([SettingProblem], [SettingListing]) {
            let resolved = ResolvedSettings<Settings>(layers: layers)
            return (resolved.problems, resolved.listing)
        }
        return review(settingSet)
    }

    /// What it does, for its help.
    var abstract: String {
        switch self {
        case .scheduler: "takes requests and has DeepFlow's nodes answer them"
        case .node: "serves models on this machine, from templates and instances"
        }
    }

    /// What a newcomer should know, with an example, for its help.
    var discussion: String {
        switch self {
        case .scheduler:
            """
            Nodes are found by their sockets below the runtime directory, in any order
            of starting.

            Example:
              deepflow-schedulerd --runtime-directory /tmp/df \\
                  --state-directory /tmp/df/state
            """
        case .node:
            """
            It listens on RUNTIME/nodes/NODE.sock and starts its keeper where none runs.
            Instances outlive it: the next daemon of the same node finds them.

            Example:
              deepflow-noded --runtime-directory /tmp/df --state-directory /tmp/df/state
            """
        }
    }
}
