// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow model list`
package struct ModelListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models that the nodes have.",
        discussion: """
            Example:
              deepflow model list --json
            """)

    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Prints all models of all nodes.
    package func run() async throws {
        let models = try await options.server().models()
        if output.json { return try JSONOutput.write(models) }
        var table = ListingTable([
            .text("NAME"), .text("NODE"), .text("ARCHITECTURE"), .number("PARAMETERS"), .number("CONTEXT"),
            .text("LAYOUT"), .number("SIZE"), .number("ADDED"),
        ])
        let now = Figures.now
        for entry in models {
            let model = entry.model
            table.add([
                model.name.text, entry.node.text, model.architecture, Figures.count(model.parameterCount),
                "\(model.contextLength)", model.layout, Figures.bytes(model.byteCount),
                Figures.age(of: model.createdAt, now: now),
            ])
        }
        StandardStreams.write(table.text)
    }
}
