// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Checkpoints in every form, from the command to an answer", .runningServer)
    struct CheckpointFormTests {
        private static let fixtures = DeepFlowFixture.root + "/Tests/Fixtures/"
        private let fixture: DeepFlowFixture

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
        }

        private struct Spoken: Decodable {
            let text: String
            let completionTokens: Int
        }

        private func deepflow(_ arguments: [String]) throws -> CommandRun {
            let run = try fixture.deepflow(arguments)
            #expect(run.isSuccess, "\(arguments): \(run.errors)")
            return run
        }

        /// What a model makes of a text, greedily.
        private func text(of model: String) throws -> String {
            let spoken = try deepflow([
                "run", model, "--raw", "--ignore-eos", "--temperature", "0", "--max-tokens", "16", "--json", "hello",
            ]).decoded(as: Spoken.self)
            #expect(spoken.completionTokens == 16)
            return spoken.text
        }

        @Test(
            "a folder of Hugging Face is added by its name, answers in chat, and goes",
            arguments: [
                "llama3", "mistral", "qwen2", "qwen3", "gemma3", "phi3-long", "olmo2", "smollm3", "granite", "qwen3moe",
            ])
        func folder(name: String) throws {
            let added = try deepflow(["model", "add", Self.fixtures + "huggingface/" + name])
            #expect(added.output.hasPrefix("added \(name): "))
            let spoken = try deepflow(["run", name, "--max-tokens", "8", "--ignore-eos", "--json", "hello"])
            #expect(try spoken.decoded(as: Spoken.self).completionTokens == 8)
            #expect(try deepflow(["model", "verify", name]).output == "\(name) on local is intact\n")
            _ = try deepflow(["model", "remove", name])
        }

        @Test("the parts of a split file answer as the whole one")
        func split() throws {
            _ = try deepflow(["model", "add", "split", Self.fixtures + "split/qwen2-00002-of-00003.gguf"])
            _ = try deepflow(["model", "add", "whole", Self.fixtures + "architectures/qwen2.gguf"])
            #expect(try text(of: "split") == text(of: "whole"))
            for name in ["split", "whole"] { _ = try deepflow(["model", "remove", name]) }
        }

        @Test("the same checkpoint is not sent a second time, whatever name it gets, and the original goes on demand")
        func known() throws {
            let scratch = try ScratchDirectory()
            let copy = scratch.path + "/copy.gguf"
            try FileManager.default.copyItem(atPath: Self.fixtures + "architectures/llama3.gguf", toPath: copy)
            let first = try deepflow(["model", "add", "one", copy])
            #expect(first.errors.contains("packing"))
            let again = try deepflow(["model", "add", "one", copy])
            #expect(again.output.hasPrefix("one is there already"))
            let second = try deepflow(["model", "add", "two", copy, "--discard-original"])
            #expect(second.output.hasPrefix("added two") && second.output.contains("deleted 1 file, "))
            for run in [again, second] { #expect(!run.errors.contains("packing") && !run.errors.contains("sending")) }
            #expect(!FileManager.default.fileExists(atPath: copy))
            _ = try deepflow(["model", "remove", "one"])
            #expect(try !text(of: "two").isEmpty)
            _ = try deepflow(["model", "remove", "two"])
        }
    }
}
