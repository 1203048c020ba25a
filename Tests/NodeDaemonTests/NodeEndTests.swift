// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Glibc
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// How a node ends, before a keeper that the test plays.
@Suite struct NodeEndTests {
    private let directory: ScratchDirectory
    private let listener: SharedDescriptor
    private let node: NodeActor
    private let effects: ReactorEffects

    init() throws {
        let directory = try ScratchDirectory()
        self.directory = directory
        var configuration = NodeConfiguration(
            node: .local, runtimeDirectory: directory.path, stateDirectory: directory.path)
        configuration.settings.sandboxPolicy = .require
        configuration.settings.retiresOnStop = true
        configuration.settings.keeperSource = .wait
        try systemCall("mkdir") { mkdir(directory.path + "/keepers", 0o700) }
        listener = SharedDescriptor(
            try UnixSocket.listen(at: configuration.keeperPath, kind: .packet, mode: 0o600))
        let catalog = ModelCatalog(
            store: try ModelStore(directory: configuration.modelDirectory, logger: .silent), engine: "/nonexistent")
        effects = ReactorEffects(
            reactor: try InstanceReactor(),
            launcher: KeeperLauncher(
                socketPath: configuration.keeperPath, executable: "/nonexistent",
                startsOwn: configuration.startsKeeper),
            catalog: catalog, directory: configuration.nodeDirectory, logger: .silent)
        node = NodeActor(configuration: configuration, catalog: catalog, effects: effects)
    }

    /// The keeper's end of the connection that the node makes.
    private func accept() async throws -> PacketEnd {
        let number = listener.rawValue
        return try await WorkerThread.run {
            var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            while poll(&entry, 1, -1) < 0, errno == EINTR {}
            guard let socket = try UnixSocket.accept(on: number) else { throw SystemCallError("accept", code: EAGAIN) }
            return PacketEnd(PacketSocket(owning: socket))
        }
    }

    private static let weak = SandboxState(
        deniedCalls: .named, identity: "root", missing: ["identity: no"], remarks: [])

    @Test(
        "a node that must not serve ends its keeper, whether or not that had told everything", arguments: [false, true])
    func refusedNodeRetires(isTold: Bool) async throws {
        async let run: Void = node.run()
        let keeper = try await accept()
        #expect(try await keeper.receiveOrder() == .hello)
        // In one turn of the node, or as good as one.
        var words: [FromKeeper] = [.welcome(processID: 4, controllers: nil), .sandbox(Self.weak, deniedCalls: 0)]
        if isTold { words.append(.stateComplete) }
        for word in words { try keeper.send(word.encoded()) }
        await node.untilRefused()
        async let stop: Void = node.stop()
        #expect(try await keeper.receiveOrder() == .retire)
        keeper.close()
        _ = await (run, stop)
        #expect(await node.refusal != nil)
    }

    @Test("once it takes no further turn, nothing is waited for")
    func nothingIsWaitedFor() async throws {
        async let run: Void = node.run()
        let keeper = try await accept()
        #expect(try await keeper.receiveOrder() == .hello)
        async let refused: Void = node.untilRefused()
        async let stop: Void = node.stop()
        #expect(try await keeper.receiveOrder() == .retire)
        keeper.close()
        _ = await (run, refused, stop)
        // Each of them waits for what no turn will bring.
        await node.stop()
        await node.untilRefused()
        let name = try #require(ModelName("none"))
        await #expect(throws: NodeAPIError.self) {
            try await node.load(ModelLoad(model: name, populates: false, pins: nil))
        }
    }
}
