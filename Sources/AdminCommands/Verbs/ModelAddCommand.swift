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
        abstract: "Add a checkpoint under a name: a GGUF file or a folder of Hugging Face.",
        usage: "deepflow model add [<options>] [<name>] <path>",
        discussion: """
            The files are read as you and copied; they may change or go afterwards,
            and with --discard-original they do. Of a GGUF model in several files any
            one is named, or their folder. Without a name it takes the file's or the
            folder's. With more than one node connected, --node says which gets it;
            without it nothing is sent.

            An add that was interrupted has left nothing; give it again.

            Examples:
              deepflow model add my-model ./my-model.gguf
              deepflow model add ./Llama-3.1-8B-Instruct
              deepflow model add big ./big-00001-of-00003.gguf --discard-original
            """)

    private static let longestLine = 1 << 20

    @Argument(
        help: ArgumentHelp("The name that requests will use, and a file or folder.", valueName: "name-and-path"),
        completion: .file())
    package var nameAndPath: [String]
    @Flag(help: "Delete the files that were read, once the node has the model.")
    package var discardOriginal = false
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses more or fewer arguments than a path with or without a name.
    package func validate() throws {
        guard (1...2).contains(nameAndPath.count) else {
            throw ValidationError("name one .gguf file or folder, with the model's name before it")
        }
    }

    /// Reads the checkpoint as the caller and streams it to the server, with progress.
    package func run() async throws {
        let path = nameAndPath[nameAndPath.count - 1]
        let contents = try CheckpointContents(at: path)
        let name = try TypedNames.model(nameAndPath.count == 2 ? nameAndPath[0] : contents.name)
        let checkpoint = try CheckpointUpload(contents, path: path)
        let server = try options.server()
        let options = self.options
        let (before, model) = try await InterruptGuard.run {
            () async throws(CommandError) -> (ModelSummary?, ModelSummary) in
            if server.side == .scheduler { try Self.checkTarget(try await server.nodes()) }
            let models = try await server.models()
            let before = models.first { $0.model.name == name }?.model
            if let known = try await KnownCheckpoint(checkpoint, among: models)?.add(as: name, options) {
                return (before, known)
            }
            return (before, try await Self.add(name, checkpoint, to: server))
        }
        let freed = discardOriginal ? try DiscardedOriginal(checkpoint, folder: contents.folder) : nil
        if output.json { return try JSONOutput.write(model) }
        StandardStreams.writeLine(
            "\(Self.outcome(before, model)): \(Figures.count(model.parameterCount)) parameters, "
                + "context \(model.contextLength), \(Figures.bytes(model.byteCount))")
        if let freed { StandardStreams.writeLine(freed.text) }
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
        _ name: ModelName, _ checkpoint: CheckpointUpload, to server: AdminServer
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
        _ name: ModelName, _ checkpoint: CheckpointUpload, to server: AdminServer
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
        _ progress: ImportProgress, of checkpoint: CheckpointUpload, in report: inout ProgressReport
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
