// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import SettingFiles

@Suite("Settings that are read again")
struct SettingsReloadTests {
    private let directory: ScratchDirectory
    private let file: String

    init() throws {
        directory = try ScratchDirectory()
        file = directory.path + "/node.yaml"
    }

    /// Starts with the first text, reloads the second.
    private func reload(from first: String, to second: String) async throws -> (NodeSettings, [NodeSettings], [String])
    {
        try Data(first.utf8).write(to: URL(fileURLWithPath: file))
        let start = ProgramStart<NodeSettings>(
            arguments: ["--configuration", file], environment: [:], version: "", vendorDirectory: nil)
        guard case .serve(let live, let sources, _) = start else { throw CocoaError(.fileReadUnknown) }
        let lines = Recorded<String>()
        let applied = Recorded<NodeSettings>()
        let reload = SettingsReload(
            live, sources: sources, logger: Logger(label: "test") { _ in RecordingHandler(recorded: lines) }
        ) { settings in
            applied.values.withLock { $0.append(settings) }
        }
        try Data(second.utf8).write(to: URL(fileURLWithPath: file))
        await reload.reload()
        return (live.current, applied.values.withLock { $0 }, lines.values.withLock { $0 })
    }

    @Test("New values of reloadable settings are in force and told to the daemon; others are logged as waiting")
    func changes() async throws {
        let (settings, applied, lines) = try await reload(
            from: "instances: {idle_timeout: 5m, threads: 2}\n", to: "instances: {idle_timeout: 1m, threads: 3}\n")
        #expect(settings.idleSeconds == 60 && settings.threadsPerInstance == 2)
        #expect(applied == [settings])
        #expect(
            lines == [
                "notice setting changed: instances.idle_timeout: 5m -> 1m",
                "warning setting needs a restart: instances.threads: 2 -> 3",
            ])
    }

    @Test("A file with problems is logged with all of them and changes nothing")
    func wrong() async throws {
        let (settings, applied, lines) = try await reload(
            from: "instances: {idle_timeout: 5m}\n", to: "instances: {idle_timeout: 1m, maximum: 0}\nsandboks: report\n"
        )
        #expect(settings.idleSeconds == 300)
        #expect(applied.isEmpty)
        #expect(lines.count == 3 && lines[0].contains("sandboks") && lines[1].contains("instances.maximum"), "\(lines)")
        #expect(lines[2].contains("stay as they were"))
    }

    @Test("A file without changes is said to have none")
    func same() async throws {
        let (_, applied, lines) = try await reload(from: "node: a\n", to: "node: a # the same\n")
        #expect(applied.isEmpty && lines == ["notice no setting has changed"])
    }
}

/// What was told, in its order.
private final class Recorded<Value: Sendable>: Sendable {
    let values = Mutex<[Value]>([])
}

/// Keeps what is logged: level, message and values of the metadata.
private struct RecordingHandler: LogHandler {
    let recorded: Recorded<String>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    func log(event: LogEvent) {
        let words = ["\(event.level) \(event.message)"] + (event.metadata ?? [:]).values.map(\.description)
        recorded.values.withLock { $0.append(words.joined(separator: " ")) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
