// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Glibc
import LinuxKernel
import Packing
import TestSupport
import Testing

/// Runs the real command, which enters its real sandbox.
@Suite("PackCommand")
struct PackCommandTests {
    private struct Outcome {
        let status: LinuxKernel.ExitStatus?
        let message: String
        let reports: [String]
        let artefact: [UInt8]
    }

    private func file(_ name: String, in folder: ScratchDirectory, _ bytes: [UInt8] = []) throws -> OwnedDescriptor {
        let file = try OwnedDescriptor.open("\(folder.path)/\(name)", O_RDWR | O_CREAT)
        try bytes.withUnsafeBytes { try file.writeAll($0) }
        return file
    }

    private func contents(_ file: borrowing OwnedDescriptor) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: try file.fileSize())
        let count = pread(file.rawValue, &bytes, bytes.count, 0)
        #expect(count == bytes.count)
        return bytes
    }

    /// Packs what `checkpoint` holds, or the file behind `source` instead.
    private func pack(_ checkpoint: [UInt8], source: String? = nil, target: String? = nil) throws -> Outcome {
        let folder = try ScratchDirectory()
        let input = try source.map { try OwnedDescriptor.open($0, O_RDONLY) } ?? file("in", in: folder, checkpoint)
        let output = try target.map { try OwnedDescriptor.open($0, O_RDWR) } ?? file("out", in: folder)
        let messages = try file("messages", in: folder)
        let reports = try file("reports", in: folder)
        let process = try ProcessLaunch(
            executable: BuiltExecutable.path("flowserve"), arguments: ["pack"],
            descriptors: [nil, nil, messages.rawValue, input.rawValue, output.rawValue, reports.rawValue]
        ).start()
        let status = try process.reap(waits: true)
        return Outcome(
            status: status, message: String(decoding: try contents(messages), as: UTF8.self),
            reports: String(decoding: try contents(reports), as: UTF8.self).split(separator: "\n").map(String.init),
            artefact: target == nil ? try contents(output) : [])
    }

    @Test("a checkpoint becomes an artefact inside the sandbox, with progress and a description")
    func packs() throws {
        let outcome = try pack(LlamaFile().bytes())
        #expect(outcome.status == .exited(code: 0))
        #expect(outcome.message.isEmpty)
        #expect(outcome.reports.dropLast().allSatisfy { $0.hasPrefix("progress ") })
        #expect(outcome.reports.last?.hasPrefix("model {\"architecture\":\"llama\"") == true)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: outcome.artefact.count, alignment: 64)
        defer { memory.deallocate() }
        memory.copyBytes(from: outcome.artefact)
        try Artefact(verifying: UnsafeRawBufferPointer(memory)).verifyContents()
    }

    @Test("a damaged checkpoint is one sentence and status 65, and leaves nothing that verifies")
    func damaged() throws {
        let bytes = LlamaFile().bytes()
        let outcome = try pack(Array(bytes[..<(bytes.count / 2)]))
        #expect(outcome.status == .exited(code: 65))
        #expect(outcome.message.hasPrefix("the checkpoint ends inside "))
        #expect(outcome.message.filter { $0 == "\n" }.count == 1)
        #expect(outcome.artefact.isEmpty)
        #expect(try pack(Array("no model at all".utf8)).message.contains("not a GGUF"))
        #expect(try pack([]).status == .exited(code: 65))
    }

    @Test("what is no file, and a disk that is full, have status 74")
    func files() throws {
        let device = try pack([], source: "/dev/null")
        #expect(device.status == .exited(code: 74))
        #expect(device.message.contains("not a regular file"))
        let full = try pack(LlamaFile().bytes(), target: "/dev/full")
        #expect(full.status == .exited(code: 74))
        #expect(full.message.contains("the disk is full"))
    }

    @Test("arguments are a usage error")
    func usage() {
        #expect(PackCommand.run(arguments: ["model.gguf"]) == 64)
    }
}
