// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Testing

@testable import AdminCommands

@Suite("Checkpoints on disk")
struct CheckpointFileTests {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("deepflow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    private func file(_ name: String, _ content: Data) throws -> String {
        let path = directory.appendingPathComponent(name).path
        try content.write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("A file is read in parts to its end")
    func parts() async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let content = Data("GGUF".utf8) + Data((0..<2_500_000).map { UInt8(truncatingIfNeeded: $0) })
        let checkpoint = try CheckpointFile(path: try file("a.gguf", content))
        var read = Data()
        for try await part in checkpoint { read.append(contentsOf: part.readableBytesView) }
        #expect(checkpoint.byteCount == content.count)
        #expect(read == content)
    }

    @Test("A file that shrinks meanwhile is an error")
    func shrinks() async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try file("a.gguf", Data("GGUF and more".utf8))
        let checkpoint = try CheckpointFile(path: path)
        try Data("GG".utf8).write(to: URL(fileURLWithPath: path), options: [])
        try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 0)
        await #expect(throws: CommandError.self) { for try await _ in checkpoint {} }
    }

    @Test("Missing files, directories and other formats are named")
    func wrong() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let cases = [
            (directory.appendingPathComponent("none").path, "no such file"), (directory.path, "is a directory"),
            (try file("empty", Data()), "no GGUF"), (try file("b", Data("PK\u{3}\u{4}".utf8)), "no GGUF"),
            ("/dev/null", "no regular file"),
        ]
        for (path, words) in cases {
            let error = #expect(throws: CommandError.self) { _ = try CheckpointFile(path: path) }
            #expect(error?.description.contains(words) == true, "\(path)")
        }
    }
}
