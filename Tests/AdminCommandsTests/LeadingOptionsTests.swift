// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import AdminCommands

@Suite("Options before the verb")
struct LeadingOptionsTests {
    @Test(
        "They are moved behind the verb's own words, before a terminator",
        arguments: [
            (["--node", "local", "ps"], ["ps", "--node", "local"]),
            (["--socket", "/s", "--json", "job", "list"], ["job", "list", "--socket", "/s", "--json"]),
            (["--socket=/s", "run", "m", "--", "--x"], ["run", "m", "--socket=/s", "--", "--x"]),
            (["run", "m", "--socket", "/s"], ["run", "m", "--socket", "/s"]),
            (["--version"], ["--version"]), (["--socket"], ["--socket"]), ([], []),
        ])
    func moved(arguments: [String], expected: [String]) {
        #expect(LeadingOptions.behindVerb(arguments) == expected)
    }

    @Test("The command takes them in either place")
    func parsed() throws {
        let before = try DeepFlowCommand.parseAsRoot(LeadingOptions.behindVerb(["--node", "local", "ps", "--json"]))
        #expect(before is PsCommand)
    }
}
