// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow model remove NAME`
package struct ModelRemoveCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a model from the nodes (or from one with --node).",
        discussion: """
            Example:
              deepflow model remove my-model
            """)

    @Argument(help: "The model's name.")
    package var name: String
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Removes the model from every node that has it.
    package func run() async throws {
        let name = try TypedNames.model(name)
        let server = try options.server()
        switch server.side {
        case .scheduler: try await server.delete(SchedulerRoutes.nodeModel(name.text))
        case .node: try await server.delete(NodeRoutes.model(name.text))
        }
        if output.json { return try JSONOutput.write(["removed": name.text]) }
        StandardStreams.writeLine("removed \(name)")
    }
}
