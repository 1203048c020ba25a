// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import FoundationEssentials
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// `deepflow model add NAME PATH`: reads the checkpoint as the caller and streams it to the node, which packs it.
package struct ModelAddCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a GGUF checkpoint under a name.",
        usage: "deepflow model add [<options>] [<name>] <path>",
        discussion: """
            The file is read as you and copied; it may change or go afterwards.
            Without a name it takes the file's, up to .gguf.

            Example:
              deepflow model add my-model ./my-model.gguf
            """)

    private static let longestLine = 1 << 20

    @Argument(
        help: ArgumentHelp("The name that requests will use, and a .gguf file.", valueName: "name-and-path"),
        completion: .file(extensions: ["gguf"]))
    package var nameAndPath: [String]
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard (1...2).contains(nameAndPath.count) else {
            throw ValidationError("name one .gguf file, with the model's name before it")
        }
    }

    package func run() async throws {
        let path = nameAndPath[nameAndPath.count - 1]
        let name = try TypedNames.model(nameAndPath.count == 2 ? nameAndPath[0] : Self.name(ofFile: path))
        let checkpoint = try CheckpointFile(path: path)
        let server = try options.server()
        let model = try await InterruptGuard.run { () async throws(CommandError) in
            try await Self.add(name, checkpoint, to: server)
        }
        if output.json { return try JSONOutput.write(model) }
        StandardStreams.writeLine(
            "added \(model.name): \(Figures.count(model.parameterCount)) parameters, "
                + "context \(model.contextLength), \(Figures.bytes(model.byteCount))")
    }

    /// `./models/My-Model.gguf` is `My-Model`.
    static func name(ofFile path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
    }

    private static func add(
        _ name: ModelName, _ checkpoint: CheckpointFile, to server: AdminServer
    ) async throws(CommandError) -> ModelSummary {
        let target = server.side == .scheduler ? SchedulerRoutes.nodeModels : NodeRoutes.models
        let response = try await server.send(
            .post, "\(target)?name=\(name)", headers: ["content-type": "application/octet-stream"],
            body: .stream(checkpoint, byteCount: checkpoint.byteCount))
        var report = ProgressReport()
        defer { report.finish() }
        do {
            for try await line in response.lines(upTo: longestLine) {
                let progress = try JSONDecoder().decode(ImportProgress.self, from: Data(line.readableBytesView))
                if let model = try show(progress, of: checkpoint, in: &report) { return model }
            }
        } catch {
            throw AdminServer.explain(error)
        }
        if Task.isCancelled { throw .interrupted }
        throw .failed("the server ended the import of \(name) without a result; see its log")
    }

    /// Shows one line of the server's answer; returns the model when it is in the store.
    private static func show(
        _ progress: ImportProgress, of checkpoint: CheckpointFile, in report: inout ProgressReport
    ) throws(CommandError) -> ModelSummary? {
        switch progress {
        case .receiving(let bytes, let total):
            report.update("sending", done: bytes, total: total ?? checkpoint.byteCount)
        case .packing(let bytes, let total):
            report.update("packing", done: bytes, total: total)
        case .completed(let model): return model
        case .failed(let message):
            report.finish()
            throw .failed("\(checkpoint.path): \(message)")
        }
        return nil
    }
}
