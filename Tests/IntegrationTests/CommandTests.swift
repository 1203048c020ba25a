// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import ServingModel
import Testing

extension Integration {
    @Suite("The command's verbs against real daemons", .runningServer)
    struct CommandTests {
        private struct Spoken: Decodable {
            let text: String
            let job: String
            let finishReason: String
            let completionTokens: Int
            let phases: RequestPhases
        }

        private let fixture: DeepFlowFixture

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
        }

        private func json<Value: Decodable>(_ arguments: [String], as type: Value.Type = Value.self) throws -> Value {
            let run = try fixture.deepflow(arguments + ["--json"])
            #expect(run.isSuccess, "\(arguments): \(run.errors)")
            return try run.decoded(as: type)
        }

        @Test("run prints the answer, and with --verbose the phases beside it")
        func run() throws {
            let run = try fixture.deepflow([
                "run", DeepFlowFixture.model, "What is a template?", "--temperature", "0", "--max-tokens", "60",
                "--verbose",
            ])
            #expect(run.isSuccess, "\(run.errors)")
            #expect(run.output.count > 10 && run.output.hasSuffix("\n"))
            for phase in ["queue", "fork", "prefill", "first token", "decode"] {
                #expect(run.errors.contains("\n\(phase) "), "\(run.errors)")
            }
        }

        @Test("run reads the prompt from standard input, and --raw continues it")
        func standardInput() throws {
            let chat = try fixture.deepflow(
                ["run", DeepFlowFixture.model, "-", "--temperature", "0", "--max-tokens", "20"], input: "Hello!\n")
            #expect(chat.isSuccess && chat.output.count > 1, "\(chat.errors)")
            let raw = try fixture.deepflow(
                ["run", DeepFlowFixture.model, "-", "--raw", "--ignore-eos", "--max-tokens", "5"], input: "A model")
            #expect(raw.isSuccess && raw.output.count > 1, "\(raw.errors)")
        }

        @Test("run --json and job show tell the same of a job")
        func jobs() throws {
            let spoken = try json(["run", DeepFlowFixture.model, "Hello!", "--temperature", "0"], as: Spoken.self)
            #expect(!spoken.text.isEmpty)
            let record = try json(["job", "show", spoken.job], as: JobRecord.self)
            #expect(record.completionTokens == spoken.completionTokens)
            #expect(record.phases == spoken.phases)
            let list = try json(["job", "list", "--limit", "5"], as: [JobRecord].self)
            #expect(list.first?.id == record.id)
            #expect(try fixture.deepflow(["job", "show", "job-0123456789abcdef"]).exitCode == 1)
        }

        @Test(
            "Listings through the scheduler and from the node have the same keys",
            arguments: [[], ["--node", "local"]])
        func listings(more: [String]) throws {
            _ = try json(["run", DeepFlowFixture.model, "Hello!"], as: Spoken.self)
            let instances = try json(["instance", "list"] + more, as: [NodeInstance].self)
            let instance = try #require(instances.first?.instance)
            #expect(instance.processID > 1)
            #expect(try #require(instance.privateBytes) > 0)
            #expect(instance.missingSandboxSteps == [])
            #expect(try json(["template", "list"] + more, as: [NodeTemplate].self).count == 1)
            #expect(try json(["model", "list"] + more, as: [NodeModel].self).count == 1)
            #expect(try json(["model", "show", DeepFlowFixture.model] + more, as: [NodeModel].self).count == 1)
            let nodes = try json(["node", "status"] + more, as: [NodeListing].self)
            #expect(nodes.first?.status?.keeperProcessID != nil)
            #expect(try json(["node", "list"] + more, as: [NodeListing].self).count == 1)
            let use = try json(["ps"] + more, as: [Use].self)
            #expect(use.map(\.model) == [DeepFlowFixture.model])
            #expect(use.map(\.instances) == [1])
        }

        private struct Use: Decodable {
            let model: String
            let instances: Int
        }

        @Test("Tables are aligned and name their columns")
        func tables() throws {
            _ = try json(["run", DeepFlowFixture.model, "Hello!"], as: Spoken.self)
            let run = try fixture.deepflow(["instance", "list"])
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].hasPrefix("INSTANCE"))
            #expect(lines[1].hasPrefix("inst-"))
        }

        @Test("version shows both sides")
        func version() throws {
            let versions = try json(["version"], as: [String: String].self)
            #expect(versions == ["client": Release.version, "server": Release.version])
        }

        @Test("Errors of the server are exit code 1 with its sentence")
        func unknownModel() throws {
            let run = try fixture.deepflow(["run", "nobody", "Hello!"])
            #expect(run.exitCode == 1)
            #expect(run.errors.contains("nobody"))
        }
    }
}
