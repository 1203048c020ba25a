// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import AdminCommands

@Suite("Help texts and the command line")
struct HelpTests {
    private static let verbs: [[String]] = [
        [], ["run"], ["ps"], ["model"], ["model", "list"], ["model", "add"], ["model", "show"], ["model", "remove"],
        ["instance", "list"], ["template", "list"], ["job"], ["job", "list"], ["job", "show"], ["job", "cancel"],
        ["node", "list"], ["node", "status"], ["version"],
    ]

    private func help(_ verb: [String]) -> String {
        do {
            // A request for help is parsed into a command of its own, which throws the text.
            var command = try DeepFlowCommand.parseAsRoot(verb + ["--help"])
            try command.run()
            return ""
        } catch {
            return DeepFlowCommand.fullMessage(for: error, columns: 79)
        }
    }

    @Test("Every help fits into 80 columns", arguments: verbs)
    func columns(verb: [String]) {
        let text = help(verb)
        #expect(text.contains("USAGE"))
        for line in text.split(separator: "\n") { #expect(line.count < 80, "\(line)") }
    }

    @Test("Every verb that does something shows an example", arguments: verbs.filter { $0.count != 1 || $0 == ["run"] })
    func examples(verb: [String]) {
        #expect(help(verb).contains("Example"))
    }

    @Test(
        "A wrong command line is exit code 64",
        arguments: [
            ["frobnicate"], ["run"], ["run", "m", "p", "--max-tokens", "x"], ["job", "list", "--limit", "0"],
            ["run", "m", "p", "--raw", "--system", "s"], ["node", "status", "--wait", "-1"], ["model", "add"],
            ["model", "add", "a", "b", "c"],
        ])
    func usage(arguments: [String]) {
        do {
            _ = try DeepFlowCommand.parseAsRoot(arguments)
            Issue.record("parsed")
        } catch {
            #expect(DeepFlowCommand.exitCode(for: error).rawValue == 64)
        }
    }

    @Test("A checkpoint without a name takes its file's", arguments: ["a.gguf", "./b/a.gguf", "/a", "a.gguf/"])
    func nameOfFile(path: String) {
        #expect(ModelAddCommand.name(ofFile: path) == "a")
    }

    @Test("Names of users are checked before anything is asked")
    func names() {
        #expect(throws: CommandError.self) { try TypedNames.model("../etc") }
        #expect(throws: CommandError.self) { try TypedNames.job("job-1") }
    }
}
