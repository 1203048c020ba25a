// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import AdminCommands

@Suite("Help texts and the command line")
struct HelpTests {
    private static let verbs: [[String]] = [
        [], ["run"], ["ps"], ["model"], ["model", "list"], ["model", "add"], ["model", "show"], ["model", "verify"],
        ["model", "remove"],
        ["instance", "list"], ["template", "list"], ["job"], ["job", "list"], ["job", "show"], ["job", "cancel"],
        ["node", "list"], ["node", "status"], ["config", "check"], ["config", "show"], ["config", "schema"],
        ["config", "settings"], ["version"], ["bench"],
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
            ["frobnicate"], ["run"], ["run", "m", "p", "--max-tokens", "x"],
            ["bench", "throughput", "--checkpoint", "f", "--concurrency", "0"], ["bench", "throughput"],
            ["job", "list", "--limit", "0"],
            ["run", "m", "p", "--raw", "--system", "s"], ["node", "status", "--wait", "-1"], ["model", "add"],
            ["model", "add", "a", "b", "c"], ["run", "m", "p", "--max-tokens", "0"],
            ["run", "m", "p", "--temperature", "3"], ["run", "m", "p", "--temperature", "nan"],
            ["run", "m", "p", "--temperature", "-0.5"], ["run", "m", "p", "--top-k", "-1"],
            ["run", "m", "p", "--stop", ""], ["run", "m", "p", "--stop", String(repeating: "a", count: 257)],
            ["run", "m", "p"] + [[String]](repeating: ["--stop", "a"], count: 17).joined(),
        ])
    func usage(arguments: [String]) {
        do {
            _ = try DeepFlowCommand.parseAsRoot(arguments)
            Issue.record("parsed")
        } catch {
            #expect(DeepFlowCommand.exitCode(for: error).rawValue == 64)
        }
    }

    @Test(
        "A negative number is read as a number, and its range is named",
        arguments: [
            (["run", "m", "p", "--max-tokens", "-1"], "--max-tokens is at least 1, not -1"),
            (["run", "m", "p", "--temperature", "-1"], "--temperature is 0 to 2, not -1.0"),
            (["job", "list", "--limit", "-1"], "--limit is 1 to 1000"),
            (["node", "status", "--wait", "-1"], "--wait is 0 to 86400 seconds"),
        ])
    func negative(arguments: [String], sentence: String) {
        let error = #expect(throws: (any Error).self) { try DeepFlowCommand.parseAsRoot(arguments) }
        #expect(error.map { DeepFlowCommand.fullMessage(for: $0).contains(sentence) } == true)
    }

    @Test("Values at the ends of their ranges are taken")
    func ends() throws {
        let arguments = ["run", "m", "p", "--max-tokens", "1", "--top-k", "0", "--temperature"]
        for temperature in ["0", "2"] {
            #expect(try DeepFlowCommand.parseAsRoot(arguments + [temperature]) is RunCommand)
        }
    }

    @Test("The help lists every exit code")
    func exitCodes() {
        let errors: [CommandError] = [
            .failed(""), .usage(""), .unreachable(""), .tryAgain(""), .permission(""), .configuration(""), .interrupted,
        ]
        let codes = (help([]).split(separator: "Exit codes:").last ?? "").split { $0.isWhitespace }
        for error in errors { #expect(codes.contains("\(error.exitCode)")) }
    }

    @Test("Names of users are checked before anything is asked")
    func names() {
        #expect(throws: CommandError.self) { try TypedNames.model("../etc") }
        #expect(throws: CommandError.self) { try TypedNames.job("job-1") }
    }
}
