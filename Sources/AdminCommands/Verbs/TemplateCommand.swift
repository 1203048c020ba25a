// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow template`: the warm parents that instances are forked from.
package struct TemplateCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Show templates.", subcommands: [TemplateListCommand.self])

    package init() {}
}

/// `deepflow template list`
package struct TemplateListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the warm parents of models.",
        discussion: """
            LOAD is the time from the order until it could fork; RESIDENT is what of
            its weights is in memory. A pinned one stays although nobody uses it.

            Example:
              deepflow template list
            """)

    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Prints all templates.
    package func run() async throws {
        let templates = try await options.server().templates()
        if output.json { return try JSONOutput.write(templates) }
        var table = ListingTable([
            .text("TEMPLATE"), .text("NODE"), .number("PID"), .text("MODEL"), .text("STATE"), .number("LOAD"),
            .number("MEMORY"), .number("RESIDENT"), .text("PINNED"),
        ])
        for entry in templates {
            let template = entry.template
            table.add([
                template.id.description, entry.node.text, "\(template.processID)", template.model.text,
                template.state.rawValue, Figures.duration(microseconds: template.loadMicroseconds),
                Figures.bytes(template.privateBytes), Figures.bytes(template.residentBytes),
                template.isPinned ? "yes" : "no",
            ])
        }
        StandardStreams.write(table.text)
    }
}
