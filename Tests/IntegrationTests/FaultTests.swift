// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Damage and want are told with a sentence, and nothing else ends")
    struct FaultTests {
        private static func question(_ model: String) -> [String: Any] {
            [
                "model": model, "temperature": 0, "max_tokens": 8,
                "messages": [["role": "user", "content": "What is DeepFlow?"]],
            ]
        }

        @Test("A flipped bit in an artefact's header is refused at load; what serves already goes on")
        func flippedHeader() async throws {
            try await DeepFlowFixture.with { fixture in
                let before = try await fixture.api.stream(Self.question(DeepFlowFixture.model))
                #expect(before.error == nil)
                try Self.flipBit(in: fixture.stateDirectory + "/node/local/models/blobs", at: 100)
                let served = try await fixture.api.stream(Self.question(DeepFlowFixture.model))
                #expect(served.text == before.text, "an instance reads the header no more")
                #expect(try fixture.deepflow(["model", "unload", DeepFlowFixture.model]).isSuccess)
                let refused = try fixture.deepflow(["model", "load", DeepFlowFixture.model])
                #expect(refused.exitCode == 1)
                #expect(refused.errors.contains("header and directory does not match"), "\(refused.errors)")
                let answer = try await fixture.api.post(
                    SchedulerRoutes.chatCompletions, Self.question(DeepFlowFixture.model))
                #expect(answer.status == 503)
                let status = try fixture.deepflow(["node", "status"])
                #expect(status.isSuccess)
                let added = try fixture.deepflow(["model", "add", DeepFlowFixture.model, DeepFlowFixture.checkpoint])
                #expect(added.isSuccess, "\(added.errors)")
                let loaded = try fixture.deepflow(["model", "load", DeepFlowFixture.model])
                #expect(loaded.isSuccess, "\(loaded.errors)")
                let after = try await fixture.api.stream(Self.question(DeepFlowFixture.model))
                #expect(after.text == before.text)
            }
        }

        /// The file's last bytes belong to weights, whose lowest bits may be anything: those of the number `variant`.
        static func copyWithOtherWeights(_ path: String, to copy: String, variant: Int = 1) throws {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for bit in 0..<16 where variant >> bit & 1 == 1 { bytes[bytes.count - 2 - 2 * bit] ^= 1 }
            try bytes.write(to: URL(fileURLWithPath: copy))
        }

        private static func flipBit(in directory: String, at offset: off_t) throws {
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory).first)
            #expect(chmod(directory + "/" + name, 0o644) == 0)
            let file = try OwnedDescriptor.open(directory + "/" + name, O_RDWR)
            var byte: UInt8 = 0
            #expect(pread(file.rawValue, &byte, 1, offset) == 1)
            byte ^= 0x10
            #expect(pwrite(file.rawValue, &byte, 1, offset) == 1)
        }

        @Test(
            "A full disk refuses a model with a sentence, and what is there goes on", .enabled(if: SmallDisk.isPossible)
        )
        func fullDisk() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                // Room for the model that is there and not for one more.
                let disk = try SmallDisk(at: fixture.stateDirectory, mebibytes: 14)
                fixture.atEnd { disk.end() }
                try fixture.startAll()
                // Content that is here already would take no room.
                let other = disk.scratch.path + "/other.gguf"
                try Self.copyWithOtherWeights(DeepFlowFixture.checkpoint, to: other)
                let refused = try fixture.deepflow(["model", "add", "second", other])
                #expect(refused.exitCode == 1)
                #expect(refused.errors.lowercased().contains("space"), "\(refused.errors)")
                let answer = try await fixture.api.stream(Self.question(DeepFlowFixture.model))
                #expect(answer.error == nil)
                let models: [NodeModel] = try await fixture.api.get(SchedulerRoutes.nodeModels)
                #expect(models.map(\.model.name.text) == [DeepFlowFixture.model])
            }
        }
    }
}

/// A file system in memory of a few mebibytes in a directory's place, with that directory's content.
final class SmallDisk: Sendable {
    private let path: String
    /// A folder beside it, gone with it.
    let scratch: ScratchDirectory

    /// Whether this user may mount one.
    static var isPossible: Bool {
        guard geteuid() == 0, let scratch = try? ScratchDirectory() else { return false }
        guard mount("none", scratch.path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount(scratch.path) == 0
    }

    init(at path: String, mebibytes: Int) throws {
        self.path = path
        scratch = try ScratchDirectory()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".before")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try systemCall("mount", path) { mount("none", path, "tmpfs", 0, "size=\(mebibytes)m") }
        for name in try FileManager.default.contentsOfDirectory(atPath: path + ".before") {
            try FileManager.default.copyItem(atPath: path + ".before/" + name, toPath: path + "/" + name)
        }
    }

    /// Takes it away again.
    func end() {
        umount(path)
    }
}
