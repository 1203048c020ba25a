// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import DaemonSettings

/// `deepflow config settings`
package struct ConfigSettingsCommand: AsyncParsableCommand {
    /// Name and help.
    package static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Print the manual's page of all settings.",
        discussion: """
            The page is Markdown: names, flags, defaults, allowed values, and whether
            a running daemon takes a new value.

            Example:
              deepflow config settings | less
            """)

    package init() {}

    /// Prints the page.
    package func run() async throws {
        StandardStreams.write(SettingsTable.markdown)
    }
}
