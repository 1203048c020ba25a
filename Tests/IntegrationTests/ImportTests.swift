// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Adding models that are none", .runningServer)
    struct ImportTests {
        private let fixture: DeepFlowFixture
        private let scratch: ScratchDirectory
        private let checkpoint: Data

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
            scratch = try ScratchDirectory()
            checkpoint = try Data(contentsOf: URL(fileURLWithPath: DeepFlowFixture.checkpoint))
        }

        private func add(_ content: Data, name: String = "broken") throws -> CommandRun {
            let path = scratch.path + "/a.gguf"
            try content.write(to: URL(fileURLWithPath: path))
            return try fixture.deepflow(["model", "add", name, path])
        }

        private func expectOnlyTheGuide() async throws {
            let models: [NodeModel] = try await fixture.api.get(SchedulerRoutes.nodeModels)
            #expect(models.map(\.model.name.text) == [DeepFlowFixture.model])
        }

        @Test("A truncated checkpoint is refused with a sentence", arguments: [5, 24, 1000, 200_000, 3_000_000])
        func truncated(size: Int) async throws {
            let run = try add(checkpoint.prefix(size))
            #expect(run.exitCode == 1)
            #expect(run.errors.hasPrefix("Error: ") || run.errors.contains("\nError: "))
            #expect(run.errors.count < 4000)
            try await expectOnlyTheGuide()
        }

        @Test("A corrupted header is refused with a sentence", arguments: [4, 8, 16, 30])
        func corrupted(offset: Int) async throws {
            var content = checkpoint
            for index in offset..<offset + 8 { content[index] = 0xFF }
            let run = try add(content)
            #expect(run.exitCode == 1)
            #expect(run.errors.contains("Error: "))
            try await expectOnlyTheGuide()
        }

        @Test("A path that is no model is named before anything is sent")
        func noModel() async throws {
            for path in ["/nowhere/at/all.gguf", scratch.path, "/etc/passwd", "/dev/null"] {
                let run = try fixture.deepflow(["model", "add", "broken", path])
                #expect(run.exitCode == 1, "\(path)")
                #expect(run.errors.contains(path), "\(run.errors)")
            }
            try await expectOnlyTheGuide()
        }

        @Test("A name that breaks the rules is a usage error")
        func wrongName() throws {
            let run = try fixture.deepflow(["model", "add", "a b", DeepFlowFixture.checkpoint])
            #expect(run.exitCode == 64)
        }

        @Test("A second name for the same checkpoint answers the same, and goes again")
        func secondName() async throws {
            let added = try add(checkpoint, name: "team/second:1")
            #expect(added.isSuccess, "\(added.errors)")
            let question = ["--temperature", "0", "--max-tokens", "40", "--json", "What is an instance?"]
            let first = try fixture.deepflow(["run", DeepFlowFixture.model] + question)
            let second = try fixture.deepflow(["run", "team/second:1"] + question)
            #expect(first.isSuccess && second.isSuccess, "\(first.errors) \(second.errors)")
            #expect(try first.decoded(as: Spoken.self).text == second.decoded(as: Spoken.self).text)
            let removed = try fixture.deepflow(["model", "remove", "team/second:1"])
            #expect(removed.isSuccess, "\(removed.errors)")
            try await expectOnlyTheGuide()
        }
    }
}

/// The part of `run --json` that is compared.
private struct Spoken: Decodable {
    let text: String
}
