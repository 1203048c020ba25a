// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import NIOCore
import ServingModel
import Testing

@testable import NodeDaemon

/// The packer's side is played by shell scripts: what matters here is what the daemon makes of its behaviour.
@Suite struct PackProcessTests {
    private let directory: ScratchDirectory
    private let description = """
        model {"architecture":"llama","parameterCount":7,"contextLength":64,"vocabularySize":9,"layout":"panel-f32",\
        "keyValueBytesPerToken":8}
        """

    init() throws { directory = try ScratchDirectory() }

    private func script(_ body: String) throws -> String {
        try directory.write("#!/bin/sh\n" + body + "\n", to: "packer")
        let path = directory.path + "/packer"
        chmod(path, 0o755)
        return path
    }

    private func importer(_ body: String) throws -> (ModelStore, ModelImport) {
        let store = try ModelStore(directory: directory.path + "/models", logger: .silent)
        return (store, ModelImport(store: store, engine: try script(body)))
    }

    private func run(_ importer: ModelImport, _ checkpoint: String) async throws -> ModelSummary {
        let slot = try importer.begin(expectedBytes: checkpoint.utf8.count)
        var spool = slot.spool
        try spool.append(ByteBuffer(string: checkpoint))
        return try await importer.pack(spool, as: ModelName.example("tiny")) { _, _ in }.summary
    }

    @Test("the packer reads the checkpoint, writes the artefact, and its description becomes the summary")
    func success() async throws {
        let (store, importer) = try importer(
            "test $1 = pack || exit 9; cat <&3 >&4; echo 'progress 1 2' >&5; echo '\(description)' >&5")
        let packed = try await run(importer, "checkpoint")
        #expect(packed.byteCount == 10)
        #expect(store.all.map(\.architecture) == ["llama"])
        #expect(store.all.first?.digest == packed.digest)
    }

    @Test("a checkpoint that was packed before gets one more name unpacked, but not where its content is damaged")
    func alias() async throws {
        let (store, importer) = try importer(
            """
            if test $1 = verify; then
                grep -q damage <&3 || exit 0
                echo 'the checksum of tensor x' >&2
                exit 65
            fi
            cat <&3 >&4; echo '\(description)' >&5
            """)
        let first = try await run(importer, "checkpoint")
        #expect(first.checkpointBytes == 10)
        let known = try #require(first.checkpointDigest)
        let second = try await importer.alias(ModelAlias(name: .example("second"), checkpoint: known)).summary
        #expect(second.digest == first.digest && second.checkpointDigest == known)
        #expect(store.all.map(\.name.text) == ["second", "tiny"])
        let strange = ModelAlias(name: .example("third"), checkpoint: first.digest + "0")
        await #expect(throws: NodeDaemonError.unknownCheckpoint) { try await importer.alias(strange) }

        let damaged = try await run(importer, "damage")
        #expect(try await importer.damage(of: damaged) { _, _ in } == "the checksum of tensor x")
        let again = ModelAlias(name: .example("third"), checkpoint: try #require(damaged.checkpointDigest))
        await #expect(throws: NodeDaemonError.unknownCheckpoint) { try await importer.alias(again) }
        #expect(store[.example("third")] == nil)
    }

    @Test("a checkpoint at fault is told in the packer's words, without control characters")
    func badCheckpoint() async throws {
        let (store, importer) = try importer("printf 'tensor \\033[31mx is cut off\\n' >&2; exit 65")
        await #expect(throws: NodeDaemonError.badCheckpoint("tensor [31mx is cut off")) { try await run(importer, "x") }
        #expect(store.all.isEmpty)
        #expect(try DirectoryPath.files(in: directory.path + "/models/blobs").isEmpty)
    }

    @Test(
        "a packer that dies, or says nothing of its model, is a failed import",
        arguments: ["kill -9 $$", "true", "exit 70"])
    func failures(_ body: String) async throws {
        let (store, importer) = try importer(body)
        await #expect(throws: NodeDaemonError.self) { try await run(importer, "x") }
        #expect(store.all.isEmpty)
    }

    @Test("a packer cannot write the checkpoint it reads")
    func readOnlyCheckpoint() async throws {
        let (_, importer) = try importer("echo broken >&3 2>/dev/null && exit 0; echo refused >&2; exit 65")
        await #expect(throws: NodeDaemonError.badCheckpoint("refused")) { try await run(importer, "x") }
    }

    @Test("words without end on standard error are cut, and do not block the packer")
    func chatter() async throws {
        let (_, importer) = try importer("head -c 300000 /dev/zero | tr '\\0' x >&2; exit 65")
        do {
            _ = try await run(importer, "x")
            Issue.record("the import must fail")
        } catch NodeDaemonError.badCheckpoint(let message) {
            #expect(message.utf8.count == 4096)
        }
    }

    @Test("a cancelled import ends its packer")
    func cancellation() async throws {
        let fifo = directory.path + "/started"
        #expect(mkfifo(fifo, 0o600) == 0)
        let (_, importer) = try importer("echo $$ > \(fifo); exec sleep 600")
        let task = Task { try await run(importer, "x") }
        let opened = try await WorkerThread.run { SharedDescriptor(try OwnedDescriptor.open(fifo, O_RDONLY)) }
        _ = opened
        task.cancel()
        await #expect(throws: NodeDaemonError.self) { try await task.value }
    }

    @Test("one import at a time; the next one may come when the first is over")
    func oneAtATime() throws {
        let (_, importer) = try importer("true")
        do {
            let first = try importer.begin(expectedBytes: nil)
            #expect(throws: NodeDaemonError.importInProgress) { try importer.begin(expectedBytes: nil) }
            _ = first
        }
        _ = try importer.begin(expectedBytes: nil)
    }

    @Test("a checkpoint that cannot fit is refused before its first byte", arguments: [Int.max, 1 << 55])
    func noSpace(_ byteCount: Int) throws {
        let (_, importer) = try importer("true")
        do {
            _ = try importer.begin(expectedBytes: byteCount)
            Issue.record("the import must be refused")
        } catch NodeDaemonError.insufficientStorage {
        }
    }
}
