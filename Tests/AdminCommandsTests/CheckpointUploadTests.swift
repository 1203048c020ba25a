// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import NIOCore
import Testing

@testable import AdminCommands

@Suite("Checkpoints on disk")
struct CheckpointUploadTests {
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
    func ofParts() async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let content = Data("GGUF".utf8) + Data((0..<2_500_000).map { UInt8(truncatingIfNeeded: $0) })
        let checkpoint = try CheckpointUpload(path: try file("a.gguf", content))
        var read = Data()
        for try await part in checkpoint { read.append(contentsOf: part.readableBytesView) }
        #expect(checkpoint.byteCount == content.count)
        #expect(read == content)
    }

    @Test("A file that shrinks meanwhile is an error")
    func shrinks() async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try file("a.gguf", Data("GGUF and more".utf8))
        let checkpoint = try CheckpointUpload(path: path)
        try Data("GG".utf8).write(to: URL(fileURLWithPath: path), options: [])
        try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 0)
        await #expect(throws: CommandError.self) { for try await _ in checkpoint {} }
    }

    /// A folder with files of these names, each with its name as its content.
    private func folder(_ name: String, _ files: [String]) throws -> String {
        let path = directory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        for file in files { try Data("GGUF \(file)".utf8).write(to: path.appendingPathComponent(file)) }
        return path.path
    }

    @Test("A checkpoint without a name takes its file's")
    func names() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        for name in ["a.gguf", "a", "a-00002-of-00001.gguf"] {
            let contents = try CheckpointContents(at: try file(name, Data("GGUF".utf8)))
            #expect(contents.name == name.replacingOccurrences(of: ".gguf", with: ""))
        }
    }

    @Test("A folder is sent with the files that its model needs and no others")
    func folders() async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try folder(
            "Model", ["config.json", "tokenizer.json", "model.safetensors", "consolidated.safetensors", "README.md"])
        let contents = try CheckpointContents(at: path + "/")
        #expect(contents.files == ["config.json", "tokenizer.json", "model.safetensors"])
        #expect(contents.name == "Model")
        let upload = try CheckpointUpload(path: path)
        var bytes: [UInt8] = []
        for try await part in upload { bytes += Array(part.readableBytesView) }
        #expect(bytes.count == upload.byteCount)
        let bundle = try bytes.withUnsafeBytes { try CheckpointBundle(reading: $0) }
        #expect(bundle.files.map(\.name) == contents.files)
        for file in bundle.files {
            #expect(Array(bytes[file.offset..<file.offset + file.byteCount]) == Array("GGUF \(file.name)".utf8))
        }
    }

    @Test("An embedding model's way of pooling is sent as well")
    func pooling() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try folder("embedder", ["config.json", "model.safetensors"])
        _ = try folder("embedder/1_Pooling", ["config.json"])
        let contents = try CheckpointContents(at: path)
        #expect(contents.files == ["config.json", "1_Pooling/config.json", "model.safetensors"])
        #expect(contents.sentNames == ["config.json", "1_Pooling+config.json", "model.safetensors"])
    }

    @Test("An index decides which weights are sent, and names no file outside the folder")
    func index() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try folder("sharded", ["config.json", "a.safetensors", "b.safetensors", "other.safetensors"])
        let index = path + "/model.safetensors.index.json"
        func write(_ places: String) throws {
            try Data(#"{"metadata": {"total_size": 1}, "weight_map": {\#(places)}}"#.utf8).write(
                to: URL(fileURLWithPath: index))
        }
        try write(#""x": "b.safetensors", "y": "a.safetensors", "z": "b.safetensors""#)
        #expect(
            try CheckpointContents(at: path).files
                == ["config.json", "model.safetensors.index.json", "a.safetensors", "b.safetensors"])
        for (places, words) in [
            (#""x": "../secret.safetensors""#, "no safetensors file of the folder"),
            (#""x": "c.safetensors""#, "lacks c"),
            (#""x": 5"#, "no index"), ("", "names no file"),
        ] {
            try write(places)
            let error = #expect(throws: CommandError.self) { try CheckpointContents(at: path) }
            #expect(error?.description.contains(words) == true, "\(places)")
        }
    }

    @Test("One part of a split file stands for all of them, and so does their folder")
    func parts() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let names = (1...3).map { "my-model-0000\($0)-of-00003.gguf" }
        let path = try folder("split", names)
        for named in [path, path + "/" + names[1]] {
            let contents = try CheckpointContents(at: named)
            #expect(contents.files == names)
            #expect(contents.name == "my-model")
            #expect(contents.isBundle)
        }
        try FileManager.default.removeItem(atPath: path + "/" + names[2])
        let error = #expect(throws: CommandError.self) { try CheckpointContents(at: path) }
        #expect(error?.description.contains(names[2]) == true)
    }

    @Test("Folders that cannot be chosen from are explained")
    func unclear() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let cases = [
            (["config.json", "pytorch_model.bin"], "save them as safetensors"), (["config.json"], "fetch the weights"),
            (["a.gguf", "b.gguf"], "has 2 models"), (["README.md"], "no model's folder"),
        ]
        for (index, (files, words)) in cases.enumerated() {
            let path = try folder("folder\(index)", files)
            let error = #expect(throws: CommandError.self) { try CheckpointContents(at: path) }
            #expect(error?.description.contains(words) == true, "\(files)")
        }
        let path = try folder("whole", ["config.json", "model.safetensors"])
        let error = #expect(throws: CommandError.self) { try CheckpointContents(at: path + "/model.safetensors") }
        #expect(error?.description.contains("name its folder") == true)
    }

    @Test("An original that changed since it was read is not deleted")
    func discarded() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = try folder("gone", ["config.json", "model.safetensors"])
        let upload = try CheckpointUpload(path: path)
        #expect(try DiscardedOriginal(upload, folder: path).text.hasPrefix("deleted 2 files and the folder"))
        #expect(!FileManager.default.fileExists(atPath: path))
        let file = try file("kept.gguf", Data("GGUF".utf8))
        let kept = try CheckpointUpload(path: file)
        try FileManager.default.removeItem(atPath: file)
        try Data("GGUF and more".utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: CommandError.self) { try DiscardedOriginal(kept, folder: directory.path) }
        #expect(FileManager.default.fileExists(atPath: file))
    }

    @Test("Missing files, directories and other formats are named")
    func wrong() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let cases = [
            (directory.appendingPathComponent("none").path, "no such file"),
            (directory.path, "neither config.json nor"),
            (try file("empty", Data()), "no GGUF"), (try file("b", Data("PK\u{3}\u{4}".utf8)), "no GGUF"),
            ("/dev/null", "no regular file"),
        ]
        for (path, words) in cases {
            let error = #expect(throws: CommandError.self) { _ = try CheckpointUpload(path: path) }
            #expect(error?.description.contains(words) == true, "\(path)")
        }
    }
}
