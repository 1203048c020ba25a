// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
package import DaemonSettings
internal import SettingFiles

/// `deepflow config show`
package struct ConfigShowCommand: AsyncParsableCommand {
    /// Name and help.
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show every setting with its value.",
        usage: "deepflow config show [<program>] [--origin] [<options>]",
        discussion: """
            It shows what a daemon would read that is started here, without the flags
            of its unit.

            Example:
              deepflow config show --origin node
            """)

    @Argument(help: ArgumentHelp("scheduler or node; both without it.", valueName: "program"))
    package var program: ConfiguredProgram?
    @Flag(help: "Say where each value comes from.")
    package var origin = false
    @Option(
        help: ArgumentHelp("File instead of the one in /etc/deepflow.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    package var configuration: String?
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses a file that could be either program's.
    package func validate() throws {
        if configuration != nil, program == nil { throw ValidationError("--configuration is for one program: name it") }
    }

    /// Prints the settings, then what is wrong with them.
    package func run() async throws {
        let programs = ConfiguredProgram.allCases.filter { program == nil || $0 == program }
        let reviews = programs.map { program in
            (
                program,
                program.review(
                    SettingSources(program, file: configuration, environment: ConfigCommand.environment).layers())
            )
        }
        if output.json {
            try JSONOutput.write(reviews.flatMap { program, review in review.listing.map { Entry(program, $0) } })
        } else {
            for (program, review) in reviews { StandardStreams.write(text(program, review.listing)) }
        }
        try ConfigCommand.refuse(reviews.flatMap(\.1.problems))
    }

    private func text(_ program: ConfiguredProgram, _ listing: [SettingListing]) -> String {
        let columns: [ListingTable.Column] = [.text(program.rawValue.uppercased()), .text("VALUE")]
        var table = ListingTable(columns + (origin ? [.text("FROM")] : []))
        for entry in listing {
            table.add([entry.facts.name, "\(entry.value)"] + (origin ? ["\(entry.origin)"] : []))
        }
        return table.text + "\n"
    }

    /// What `--json` prints of a setting.
    private struct Entry: Encodable {
        let program: String
        let setting: String
        let value: SettingValue
        /// `default`, or where the value stands: `PATH:LINE`, a variable.
        let origin: String
        let isReloadable: Bool

        init(_ program: ConfiguredProgram, _ listing: SettingListing) {
            self.program = program.rawValue
            setting = listing.facts.name
            value = listing.value
            origin = listing.origin.description
            isReloadable = listing.facts.isReloadable
        }
    }
}
