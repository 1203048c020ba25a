// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Settings of running daemons")
    struct SettingsTests {
        private static var long: [String: Any] {
            [
                "model": DeepFlowFixture.model, "temperature": 0, "max_tokens": 700, "ignore_eos": true,
                "messages": [["role": "user", "content": "Tell me all about DeepFlow."]],
            ]
        }

        /// Runs `body` with daemons that read `node.yaml` and `scheduler.yaml` of the fixture's directory.
        private func serve(
            node: String, scheduler: String, _ body: (DeepFlowFixture) async throws -> Void
        ) async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                try write(node, to: "node", fixture)
                try write(scheduler, to: "scheduler", fixture)
                fixture.nodeOptions = ["--configuration", fixture.directory.path + "/node.yaml"]
                fixture.schedulerOptions = ["--configuration", fixture.directory.path + "/scheduler.yaml"]
                try fixture.startAll()
                try await body(fixture)
            }
        }

        private func write(_ text: String, to program: String, _ fixture: DeepFlowFixture) throws {
            let file = URL(fileURLWithPath: "\(fixture.directory.path)/\(program).yaml")
            try Data(text.utf8).write(to: file, options: .atomic)
        }

        private func log(_ name: String, _ fixture: DeepFlowFixture) throws -> String {
            try String(contentsOfFile: "\(fixture.directory.path)/\(name).log", encoding: .utf8)
        }

        private func reload(_ fixture: DeepFlowFixture) throws {
            for daemon in [fixture.node, fixture.scheduler] {
                #expect(kill(try #require(daemon).processID, SIGHUP) == 0)
            }
        }

        @Test("SIGHUP in mid-stream: the new values are in force, the stream is whole, the rest waits for a restart")
        func reloading() async throws {
            try await serve(node: "instances: {maximum: 1}\n", scheduler: "") { fixture in
                let undisturbed = try await fixture.api.stream(Self.long)
                let scale = ["instance", "scale", DeepFlowFixture.model, "2"]
                let refused = try fixture.deepflow(scale)
                #expect(refused.exitCode != 0 && refused.errors.contains("0 to 1"), "\(refused.errors)")
                let streamed = try await fixture.api.stream(Self.long) { part in
                    guard part == 5 else { return }
                    try write("instances: {maximum: 2, tasks: 8}\n", to: "node", fixture)
                    try write("admission: {running: 1, waiting: 0}\n", to: "scheduler", fixture)
                    try reload(fixture)
                    try await eventually("both daemons have read their files again") {
                        try log("noded", fixture).contains("instances.maximum: 1 -> 2")
                            && log("schedulerd", fixture).contains("admission.waiting: 4096 -> 0")
                    }
                }
                #expect(streamed.error == nil && streamed.isDone && streamed.text == undisturbed.text)
                #expect(try log("noded", fixture).contains("instances.tasks: 32 -> 8"))
                #expect(try log("noded", fixture).contains("setting needs a restart"))
                let scaled = try fixture.deepflow(scale)
                #expect(scaled.isSuccess, "\(scaled.errors)")
                // One runs, none waits: of eight at once some are sent away.
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<8 {
                        group.addTask { [api = fixture.api] in try await api.stream(Self.long).status }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(statuses == [200, 429])
            }
        }

        @Test("A file with mistakes is told line by line on SIGHUP and changes nothing")
        func badReload() async throws {
            try await serve(node: "", scheduler: "") { fixture in
                try write("instances:\n  maximum: many\n  idle_timeout: 1s\nnod: x\n", to: "node", fixture)
                try reload(fixture)
                try await eventually("the mistakes are logged") {
                    try log("noded", fixture).contains("the settings stay as they were")
                }
                let text = try log("noded", fixture)
                #expect(text.contains("node.yaml:2: instances.maximum is 'many'; allowed: 1 to 256"), "\(text)")
                #expect(text.contains("node.yaml:4: there is no setting 'nod'; the nearest is 'node'"), "\(text)")
                #expect(!text.contains("setting changed"))
                #expect(try await fixture.api.stream(Self.long).completionTokens == 700)
            }
        }

        @Test(
            "A wrong file ends a start with code 78 and every mistake's line, a wrong flag with 64",
            arguments: ["deepflow-noded", "deepflow-schedulerd"])
        func badStart(program: String) throws {
            let scratch = try ScratchDirectory()
            let file = scratch.path + "/x.yaml"
            try Data("drain_timeout: 20\nhttpp:\n  x: 1\n".utf8).write(to: URL(fileURLWithPath: file))
            let run = try CommandRun(BuiltExecutable.path(program), ["--configuration", file])
            #expect(run.exitCode == 78)
            #expect(
                run.errors.contains("\(file):1: drain_timeout is '20'; allowed: 0s to 1h, with a unit"), "\(run.errors)"
            )
            #expect(
                run.errors.contains("\(file):2: there is no setting 'httpp'; the nearest is 'http'"), "\(run.errors)")
            let flag = try CommandRun(
                BuiltExecutable.path(program), ["--configuration", "/dev/null", "--drain-timeot", "1s"])
            #expect(flag.exitCode == 64)
            #expect(flag.errors.contains("the nearest is --drain-timeout"), "\(flag.errors)")
            let variable = try CommandRun(
                BuiltExecutable.path(program), ["--configuration", "/dev/null"],
                environment: ["DEEPFLOW_DRAIN_TIMEOUT=never"])
            #expect(
                variable.exitCode == 78 && variable.errors.contains("DEEPFLOW_DRAIN_TIMEOUT: drain_timeout is 'never'"))
            #expect(
                try CommandRun(BuiltExecutable.path(program), ["--help"]).output.contains("--drain-timeout DURATION"))
        }

        @Test("The command checks files and shows where each value comes from")
        func command() throws {
            let scratch = try ScratchDirectory()
            let file = scratch.path + "/node.yaml"
            try Data("instances:\n  maximum: 9\n".utf8).write(to: URL(fileURLWithPath: file))
            #expect(try CommandRun.deepflow(["config", "check", file]).output == "\(file): all right\n")
            let deepflow = BuiltExecutable.path("deepflow")
            let shown = try CommandRun(
                deepflow, ["config", "show", "--origin", "--configuration", file, "node"],
                environment: ["DEEPFLOW_SANDBOX=require"])
            #expect(shown.isSuccess, "\(shown.errors)")
            for words in ["instances.maximum \(file):2", "sandbox DEEPFLOW_SANDBOX", "drain_timeout default"] {
                let ends = words.split(separator: " ")
                #expect(
                    shown.output.split(separator: "\n").contains { $0.hasPrefix(ends[0]) && $0.hasSuffix(ends[1]) },
                    "\(words)")
            }
            struct Entry: Decodable { let setting: String }
            let json = try CommandRun(deepflow, ["config", "show", "--json", "--configuration", file, "node"])
            #expect(try json.decoded(as: [Entry].self).contains { $0.setting == "instances.maximum" })
            try Data("instances:\n  maximun: 9\n".utf8).write(to: URL(fileURLWithPath: file))
            let wrong = try CommandRun.deepflow(["config", "check", file])
            #expect(wrong.exitCode == 78 && wrong.errors.contains("\(file):2: there is no setting 'instances.maximun'"))
        }
    }
}
