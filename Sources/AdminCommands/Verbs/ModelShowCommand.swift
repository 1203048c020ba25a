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

    /// Prints what each node that has the model knows of it.
    package func run() async throws {
        let name = try TypedNames.model(name)
        let server = try options.server()
        let found = try await server.models().filter { $0.model.name == name }
        guard !found.isEmpty else {
            throw CommandError.failed("no node has a model '\(name)'; deepflow model list shows what there is")
        }
        if output.json { return try JSONOutput.write(found) }
        let memory = Dictionary(
            try await server.nodes().map { ($0.node, $0.status?.memoryBytes) }, uniquingKeysWith: { first, _ in first })
        let texts = found.map { Self.text(of: $0, memory: memory[$0.node] ?? nil) }
        StandardStreams.write(texts.joined(separator: "\n"))
    }

    private static func text(of entry: NodeModel, memory: Int?) -> String {
        let model = entry.model
        var table = ListingTable([.text("NAME"), .text(model.name.text)])
        table.add(["NODE", entry.node.text])
        table.add(["ARCHITECTURE", model.architecture])
        table.add(["PARAMETERS", "\(Figures.count(model.parameterCount)) (\(model.parameterCount))"])
        table.add(["CONTEXT", "\(model.contextLength) tokens"])
        table.add(["VOCABULARY", "\(model.vocabularySize) tokens"])
        table.add(["LAYOUT", model.layout])
        table.add(["SIZE", Figures.bytes(model.byteCount)])
        table.add(["KV MEMORY", "\(Figures.bytes(1000 * model.keyValueBytesPerToken)) for 1000 tokens of context"])
        if let memory { table.add(["FITS", fit(model, in: memory)]) }
        table.add(["DIGEST", model.digest])
        return table.text
    }

    /// What of a model a machine's memory holds: weights once, and context for whom they serve.
    static func fit(_ model: ModelSummary, in memory: Int) -> String {
        let rest = memory - model.byteCount
        guard rest > 0 else {
            return
                "not whole: \(Figures.bytes(model.byteCount)) of weights, and the machine has \(Figures.bytes(memory)); "
                + "take a more quantised form"
        }
        let tokens = rest / max(1, model.keyValueBytesPerToken)
        let contexts = tokens / max(1, model.contextLength)
        return
            "weights, and beside them \(Figures.count(UInt64(tokens))) tokens (\(Figures.count(UInt64(contexts))) whole "
            + "contexts) in the machine's \(Figures.bytes(memory))"
    }
}
