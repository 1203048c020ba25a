// SPDX-License-Identifier: Apache-2.0

/// One source of settings: a file, the environment, the command line.
package struct SettingLayer: Hashable, Sendable {
    /// A setting that the source has.
    package struct Entry: Hashable, Sendable {
        let name: String
        let input: SettingInput
        let origin: SettingOrigin
    }

    /// In the order of the source; a name may stand here twice.
    package internal(set) var entries: [Entry] = []
    /// What is wrong with the source beyond the values of known settings.
    package internal(set) var problems: [SettingProblem] = []

    package init() {}

    /// A source that cannot be read.
    package init(problem: SettingProblem) {
        problems = [problem]
    }
}

/// The settings of one program from all their sources, with all that is wrong in them.
package struct ResolvedSettings<Settings: SettingSet>: Sendable {
    /// Defaults stand where no source has a value or the value is wrong.
    package private(set) var settings = Settings()
    /// Every problem of every source; the settings may be used only where there is none.
    package private(set) var problems: [SettingProblem] = []
    private var origins: [String: SettingOrigin] = [:]

    /// Lays the sources over the defaults, the weakest first. A value that a stronger source replaces is checked, too.
    package init(layers: [SettingLayer]) {
        let byName = Dictionary(uniqueKeysWithValues: Settings.settings.map { ($0.facts.name, $0) })
        for layer in layers {
            problems += layer.problems
            for entry in layer.entries {
                guard let setting = byName[entry.name] else { continue }
                var faults: [SettingFault] = []
                setting.assign(entry.input, &settings, &faults)
                problems += faults.map {
                    SettingProblem(entry.origin.atLine($0.line), "\(entry.name) \($0.what)")
                }
                if faults.isEmpty { origins[entry.name] = entry.origin }
            }
        }
    }

    /// Every setting with its value and where that comes from, in the order of the declarations.
    package var listing: [SettingListing] {
        Settings.settings.map { setting in
            SettingListing(
                facts: setting.facts, value: setting.value(settings),
                origin: origins[setting.facts.name] ?? .builtIn)
        }
    }
}

/// One setting as it stands.
package struct SettingListing: Sendable {
    /// What its declaration says.
    package let facts: SettingFacts
    /// The value that holds.
    package let value: SettingValue
    /// Where the value comes from.
    package let origin: SettingOrigin
}

/// What a running program makes of settings that were read again.
package struct SettingChanges<Settings: SettingSet>: Sendable {
    /// The running program's settings with every reloadable one at its new value.
    package private(set) var settings: Settings
    /// Settings that have a new value from now on: `NAME: OLD -> NEW`.
    package private(set) var applied: [String] = []
    /// Settings whose new value waits for the next start, in the same words.
    package private(set) var postponed: [String] = []

    package init(from running: Settings, to wanted: Settings) {
        settings = running
        for setting in Settings.settings {
            let (old, new) = (setting.value(running), setting.value(wanted))
            guard old != new else { continue }
            let words = "\(setting.facts.name): \(old) -> \(new)"
            if setting.facts.isReloadable {
                setting.copy(wanted, &settings)
                applied.append(words)
            } else {
                postponed.append(words)
            }
        }
    }
}
