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
            Without a name it takes the file's, up to .gguf. With more than one
            node connected, --node says which gets it; without it nothing is sent.

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
        let (before, model) = try await InterruptGuard.run {
            () async throws(CommandError) -> (ModelSummary?, ModelSummary) in
            if server.side == .scheduler { try Self.checkTarget(try await server.nodes()) }
            let before = try await server.models().first { $0.model.name == name }?.model
            return (before, try await Self.add(name, checkpoint, to: server))
        }
        if output.json { return try JSONOutput.write(model) }
        StandardStreams.writeLine(
            "\(Self.outcome(before, model)): \(Figures.count(model.parameterCount)) parameters, "
                + "context \(model.contextLength), \(Figures.bytes(model.byteCount))")
    }

    /// `./models/My-Model.gguf` is `My-Model`.
    static func name(ofFile path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
    }

    /// - Throws: `usage` where it is not said which of several nodes gets the model.
    static func checkTarget(_ nodes: [NodeListing]) throws(CommandError) {
        let connected = nodes.filter { $0.state == .connected }.map(\.node.text)
        guard connected.count > 1 else { return }
        throw .usage(
            "\(connected.count) nodes are connected (\(connected.joined(separator: ", "))): "
                + "say with --node NAME which of them gets the model")
    }

    /// What became of the name, by what it stood for before.
    static func outcome(_ before: ModelSummary?, _ now: ModelSummary) -> String {
        guard let before else { return "added \(now.name)" }
        return before.digest == now.digest ? "\(now.name) is there already" : "replaced \(now.name)"
    }

    /// An import that failed; one node packs one model at a time, which passes.
    static func failure(_ message: String) -> CommandError {
        // The node's sentence: a failure that comes as the answer's last line has no status and no code.
        message.contains("another import is in progress") ? .tryAgain(message) : .failed(message)
    }

    /// Begins the import; the answer's lines are its progress.
    private static func send(
        _ name: ModelName, _ checkpoint: CheckpointFile, to server: AdminServer
    ) async throws(CommandError) -> ClientResponse {
        let target = server.side == .scheduler ? SchedulerRoutes.nodeModels : NodeRoutes.models
        do throws(CommandError) {
            return try await server.send(
                .post, "\(target)?name=\(name)", headers: ["content-type": "application/octet-stream"],
                body: .stream(checkpoint, byteCount: checkpoint.byteCount))
        } catch .failed(let message) {
            throw failure(message)
        } catch {
            throw error
        }
    }

    /// Sends a checkpoint to a server and shows the progress until the model is in its store.
    static func add(
        _ name: ModelName, _ checkpoint: CheckpointFile, to server: AdminServer
    ) async throws(CommandError) -> ModelSummary {
        let response = try await send(name, checkpoint, to: server)
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
            throw failure("\(checkpoint.path): \(message)")
        }
        return nil
    }
}
