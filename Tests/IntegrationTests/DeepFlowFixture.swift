// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

/// The real daemons in a scratch directory, and the way back: whatever a test starts is ended in reverse order.
final class DeepFlowFixture: @unchecked Sendable {
    /// The model that everyone has.
    static let model = "deepflow-guide"
    static let checkpoint = root + "/Packaging/default-model/deepflow-guide.gguf"
    /// The repository.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// The server of the suite that is running (see `RunningServer`).
    @TaskLocal static var current: DeepFlowFixture?

    let directory: ScratchDirectory
    // Tests of one fixture run one after the other; nothing here is touched by two at once.
    private(set) var node: DaemonProcess?
    /// Options of the node's daemon beside the usual ones.
    var nodeOptions: [String] = []
    /// The same of the scheduler.
    var schedulerOptions: [String] = []
    private(set) var scheduler: DaemonProcess?
    private var cleanUps: [() throws -> Void] = []

    /// An empty directory, nothing started.
    init() throws {
        directory = try ScratchDirectory()
    }

    /// Runs `body` with a fresh fixture and cleans up behind it, whatever happens; logs are shown when it fails.
    static func with<Result>(
        startsAll: Bool = true, _ body: (DeepFlowFixture) async throws -> Result
    ) async throws -> Result {
        let fixture = try DeepFlowFixture()
        do {
            try PackedState.copy(to: fixture.stateDirectory)
            if startsAll { try fixture.startAll() }
            let result = try await body(fixture)
            try fixture.cleanUp()
            return result
        } catch {
            fixture.showLogs()
            try? fixture.cleanUp()
            throw error
        }
    }

    var stateDirectory: String { directory.path + "/state" }
    var adminSocket: String { directory.path + "/admin.sock" }
    var apiSocket: String { directory.path + "/api.sock" }
    var nodeSocket: String { directory.path + "/nodes/local.sock" }
    /// OpenAI's API and the scheduler's own, as an administrator.
    var api: SocketAPI { SocketAPI(adminSocket) }

    /// Starts node and scheduler and waits until a request would be answered.
    func startAll() throws {
        try startNode()
        try startScheduler()
        try waitUntilReady()
    }

    func startNode() throws {
        let daemon = try DaemonProcess(
            "deepflow-noded", directories + ["--retire-on-stop"] + nodeOptions, log: directory.path + "/noded.log")
        node = daemon
        atEnd { [weak self] in try self?.end(daemon) }
    }

    func startScheduler() throws {
        let daemon = try DaemonProcess(
            "deepflow-schedulerd", directories + ["--drain-timeout", "2s"] + schedulerOptions,
            log: directory.path + "/schedulerd.log")
        scheduler = daemon
        atEnd { [weak self] in try self?.end(daemon) }
    }

    /// Kills the node's daemon and starts it again; keeper, templates and instances live on.
    func replaceNode() throws {
        try #require(node).kill()
        node = nil
        try startNode()
    }

    /// Stops one daemon now; nil where it hung.
    func stop(_ daemon: DaemonProcess?) throws -> LinuxKernel.ExitStatus? {
        let daemon = try #require(daemon)
        if daemon === node { node = nil }
        if daemon === scheduler { scheduler = nil }
        return try daemon.stop()
    }

    /// Woken by the sockets that appear; a daemon that died is told from its log.
    func waitUntilReady() throws {
        let run = try deepflow(["node", "status", "--wait", "60"])
        #expect(run.isSuccess, "\(run.errors)")
    }

    /// The command, speaking to this server.
    func deepflow(_ arguments: [String], input: String? = nil) throws -> CommandRun {
        try CommandRun.deepflow(arguments + ["--socket", adminSocket], input: input)
    }

    /// Registers what must be undone; the last thing registered is undone first.
    func atEnd(_ action: @escaping () throws -> Void) {
        cleanUps.append(action)
    }

    /// Undoes everything; fails the test where a daemon does not stop in order.
    func cleanUp() throws {
        while let action = cleanUps.popLast() { try action() }
    }

    private var directories: [String] {
        // No file of this machine's own settings.
        ["--configuration", "/dev/null", "--runtime-directory", directory.path, "--state-directory", stateDirectory]
    }

    /// Stops a daemon that a test has not stopped or killed itself.
    private func end(_ daemon: DaemonProcess) throws {
        guard daemon === node || daemon === scheduler else { return }
        let status = try stop(daemon)
        #expect(status?.isSuccess == true, "\(daemon.name) ended with \(status.map { "\($0)" } ?? "a kill after 40 s")")
    }

    private func showLogs() {
        for name in ["noded", "schedulerd"] {
            let log = (try? String(contentsOfFile: "\(directory.path)/\(name).log", encoding: .utf8)) ?? ""
            print("--- \(name).log\n\(log.suffix(6000))")
        }
    }
}

/// A state directory whose node already has the default model: packed once for a whole test run.
private enum PackedState {
    private static let prepared = Result { try prepare() }

    static func copy(to path: String) throws {
        try FileManager.default.copyItem(atPath: try prepared.get().path + "/state", toPath: path)
    }

    private static func prepare() throws -> ScratchDirectory {
        let fixture = try DeepFlowFixture()
        try FileManager.default.createDirectory(atPath: fixture.stateDirectory, withIntermediateDirectories: true)
        try fixture.startNode()
        let ready = try fixture.deepflow(["node", "status", "--wait", "60", "--node", "local"])
        try #require(ready.isSuccess, "\(ready.errors)")
        let added = try fixture.deepflow(
            ["model", "add", DeepFlowFixture.model, DeepFlowFixture.checkpoint, "--node", "local"])
        try fixture.cleanUp()
        try #require(added.isSuccess, "\(added.errors)")
        return fixture.directory
    }
}

/// Gives a suite one running server, which its tests share one after the other.
struct RunningServer: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        try await DeepFlowFixture.with { fixture in
            try await DeepFlowFixture.$current.withValue(fixture) { try await body() }
        }
    }
}

extension Trait where Self == RunningServer {
    /// A server for the whole suite.
    static var runningServer: RunningServer { RunningServer() }
}

/// Everything here starts processes and uses the whole machine: one test after the other.
/// A test that waits for an answer that never comes fails by itself, long before the whole run is given up.
@Suite("The whole of DeepFlow through its sockets", .serialized, .timeLimit(.minutes(5)))
enum Integration {}
