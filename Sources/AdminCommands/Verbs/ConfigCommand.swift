// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
package import DaemonSettings
internal import FoundationEssentials

/// `deepflow config`: the settings of the daemons. No verb of it asks a server.
package struct ConfigCommand: AsyncParsableCommand {
    /// Name, help and verbs.
    package static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check and show the settings of the daemons.",
        subcommands: [
            ConfigCheckCommand.self, ConfigShowCommand.self, ConfigSchemaCommand.self, ConfigSettingsCommand.self,
        ])

    package init() {}

    /// The environment that counts as a source of settings.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Prints what is wrong, line by line, and throws where there is anything.
    static func refuse(_ problems: [SettingProblem]) throws(CommandError) {
        guard !problems.isEmpty else { return }
        // A file's text may hold anything, and ends up on a terminal.
        for problem in problems { StandardStreams.writeError(TerminalText.harmless("\(problem)") + "\n") }
        throw .configuration(
            problems.count == 1
                ? "one thing is wrong in the settings" : "\(problems.count) things are wrong in the settings")
    }
}

/// The programs as words of the command line.
extension ConfiguredProgram: ExpressibleByArgument {}
