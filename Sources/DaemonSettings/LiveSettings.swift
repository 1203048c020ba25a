// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The settings of a running program. What can change while it runs is read from here at each use, or told to its owner
/// after a reload.
package final class LiveSettings<Settings: SettingSet>: Sendable {
    private let state: Mutex<Settings>

    package init(_ settings: Settings) {
        state = Mutex(settings)
    }

    /// As they stand now.
    package var current: Settings { state.withLock { $0 } }

    /// Gives every reloadable setting its value of `wanted`, all at once.
    package func replace(by wanted: Settings) -> SettingChanges<Settings> {
        state.withLock { settings in
            let changes = SettingChanges(from: settings, to: wanted)
            settings = changes.settings
            return changes
        }
    }
}
