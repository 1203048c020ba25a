// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
package import DaemonSettings

/// `deepflow config schema`
package struct ConfigSchemaCommand: AsyncParsableCommand {
    /// Name and help.
    package static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON schema of a settings file, for editors.",
        discussion: """
            It is installed as /usr/share/deepflow/defaults/NAME.schema.json, too.

            Example:
              deepflow config schema node
            """)

    @Argument(help: ArgumentHelp("scheduler or node.", valueName: "program"))
    package var program: ConfiguredProgram

    package init() {}

    /// Prints the schema.
    package func run() async throws {
        StandardStreams.write(program.schemaText)
    }
}
