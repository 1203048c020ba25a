// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow model show NAME`
package struct ModelShowCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that is known of a model.",
        discussion: """
            Example:
              deepflow model show deepflow-guide
            """)

    @Argument(help: "The model's name.")
    package var name: String
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func run() async throws {
        let name = try TypedNames.model(name)
        let found = try await options.server().models().filter { $0.model.name == name }
        guard !found.isEmpty else {
            throw CommandError.failed("no node has a model '\(name)'; deepflow model list shows what there is")
        }
        if output.json { return try JSONOutput.write(found) }
        StandardStreams.write(found.map(Self.text).joined(separator: "\n"))
    }

    private static func text(of entry: NodeModel) -> String {
        let model = entry.model
        var table = ListingTable([.text("NAME"), .text(model.name.text)])
        table.add(["NODE", entry.node.text])
        table.add(["ARCHITECTURE", model.architecture])
        table.add(["PARAMETERS", "\(Figures.count(model.parameterCount)) (\(model.parameterCount))"])
        table.add(["CONTEXT", "\(model.contextLength) tokens"])
        table.add(["VOCABULARY", "\(model.vocabularySize) tokens"])
        table.add(["LAYOUT", model.layout])
        table.add(["SIZE", Figures.bytes(model.byteCount)])
        table.add(["KV MEMORY", "\(Figures.bytes(model.keyValueBytesPerToken)) for each token of context"])
        table.add(["DIGEST", model.digest])
        return table.text
    }
}
