// SPDX-License-Identifier: Apache-2.0

/// Where the daemons of one installation meet and keep what outlives them.
package struct DirectorySettings: Hashable, Sendable {
    /// Holds the sockets.
    package var runtimeDirectory = "/run/deepflow"
    /// Holds models and records.
    package var stateDirectory = "/var/lib/deepflow"

    static let settings: [Setting<DirectorySettings>] = [
        Setting(
            "runtime_directory", \.runtimeDirectory, .path,
            "Directory of the sockets: api.sock, admin.sock, nodes/ and keepers/."),
        Setting(
            "state_directory", \.stateDirectory, .path,
            "Directory of what outlives the daemons: models below node/, records below scheduler/."),
    ]
}
