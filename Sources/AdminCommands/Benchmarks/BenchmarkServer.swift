// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The server that a benchmark measures: a private one that is gone afterwards, or one that runs already.
struct BenchmarkServer: Sendable {
    /// How long a private server may take to be ready.
    private static let readySeconds = 60

    /// Requests go in here.
    let scheduler: AdminServer
    /// The node that serves them, directly.
    let node: AdminServer
    /// What is measured.
    let model: ModelSummary
    /// Whether everything that runs there is the benchmark's own.
    let isPrivate: Bool

    /// Runs `measure` on a server that has the model, and ends what was started for it, whatever happens.
    ///
    /// - Parameter nodeArguments: for a private node, beside the usual ones.
    static func with<Result: Sendable>(
        _ options: BenchmarkOptions, nodeArguments: [String] = [],
        _ measure: @escaping @Sendable (BenchmarkServer) async throws(CommandError) -> Result
    ) async throws(CommandError) -> Result {
        if options.scheduler.socket != nil || options.checkpoint == nil {
            let scheduler = try options.scheduler.scheduler()
            return try await InterruptGuard.run { () async throws(CommandError) in
                try await measure(try await prepare(options, scheduler, isPrivate: false))
            }
        }
        let daemons = try PrivateDaemons(stateDirectory: options.stateDirectory, nodeArguments: nodeArguments)
        defer { daemons.end() }
        do throws(CommandError) {
            return try await InterruptGuard.run { () async throws(CommandError) in
                try await waitUntilReady(daemons)
                let scheduler = AdminServer(side: .scheduler, socketPath: daemons.socketPath)
                return try await measure(try await prepare(options, scheduler, isPrivate: true))
            }
        } catch {
            if error != .interrupted { StandardStreams.writeError(TerminalText.harmless(daemons.lastLines) + "\n") }
            throw error
        }
    }

    /// How often something that must come soon is looked for, 10 s in all; a pre-warmed template is made half a second after
    /// the last order.
    private static let attempts = 200
    private static let pause = Duration.milliseconds(50)

    /// Waits until the node's pre-warmed template is there again, as it is in daily use; goes on where there is none.
    func waitForPrewarmedTemplate() async throws(CommandError) {
        for _ in 0..<Self.attempts {
            let status: NodeStatus = try await node.get(NodeRoutes.status)
            if status.prewarmedTemplates > 0 { return }
            try await Self.rest()
        }
    }

    /// Waits until instances of the model have so many tasks together.
    func waitForTasks(_ count: Int) async throws(CommandError) {
        for _ in 0..<Self.attempts {
            let tasks = try await node.instances().map(\.instance).filter { $0.model == model.name }
                .reduce(0) { $0 + $1.activeTasks }
            if tasks >= count { return }
            try await Self.rest()
        }
        throw .tryAgain("the instance has not taken \(count) requests after 10 s")
    }

    private static func waitUntilReady(_ daemons: PrivateDaemons) async throws(CommandError) {
        let patience = SocketPatience(seconds: readySeconds, candidates: [daemons.socketPath])
        let scheduler = AdminServer(side: .scheduler, socketPath: daemons.socketPath)
        _ = try await patience.ask(
            notReady: .tryAgain("the private server was not ready after \(readySeconds) s")
        ) { () async throws(CommandError) -> Bool? in
            let nodes = try await scheduler.nodes()
            return nodes.contains { $0.state == .connected && $0.status?.keeperProcessID != nil } ? true : nil
        }
    }

    /// The node that got a model just now: the scheduler hears of it a moment after the command.
    private static func holderOfAdded(
        _ name: ModelName, _ scheduler: AdminServer
    ) async throws(CommandError) -> NodeModel? {
        for _ in 0..<attempts {
            if let holder = try await scheduler.models().first(where: { $0.model.name == name }) { return holder }
            try await rest()
        }
        return nil
    }

    private static func rest() async throws(CommandError) {
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw .interrupted
        }
    }

    /// Adds the checkpoint where the model is not there yet.
    private static func prepare(
        _ options: BenchmarkOptions, _ scheduler: AdminServer, isPrivate: Bool
    ) async throws(CommandError) -> BenchmarkServer {
        let name = try options.modelName()
        var holder = try await scheduler.models().first { $0.model.name == name }
        if holder == nil {
            guard let path = options.checkpoint else {
                throw .failed("no connected node has a model '\(name)': name its file with --checkpoint")
            }
            _ = try await ModelAddCommand.add(name, try CheckpointUpload(path: path), to: scheduler)
            holder = try await holderOfAdded(name, scheduler)
        }
        guard let holder else { throw .tryAgain("the model '\(name)' has just gone") }
        let address = try ServerAddress(socket: scheduler.socketPath, environment: [:])
        let node = AdminServer(
            side: .node(holder.node), socketPath: try SocketChoice.firstOpen(of: address.nodeCandidates(holder.node)))
        // A kept directory remembers what the run before had scaled.
        if isPrivate { try await node.unload(name) }
        return BenchmarkServer(scheduler: scheduler, node: node, model: holder.model, isPrivate: isPrivate)
    }
}
