// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DaemonSettings
import Testing

@testable import AdminCommands

@Suite("deepflow config")
struct ConfigCommandsTests {
    @Test(
        "A file belongs to the daemon that its path names",
        arguments: [
            ("node.yaml", .node), ("/etc/deepflow/scheduler.yaml", .scheduler), ("node.yaml.d/10-more.yaml", .node),
            ("draft.yaml", nil), ("scheduler.yaml/x/y", nil), ("", nil),
        ] as [(String, ConfiguredProgram?)])
    func program(file: String, program: ConfiguredProgram?) {
        #expect(ConfigCheckCommand.program(reading: file) == program)
    }

    @Test("A file that no daemon reads is exit code 64, one that is missing 78")
    func exitCodes() async throws {
        for (arguments, code) in [
            (["config", "check", "draft.yaml"], 64), (["config", "check", "/none/node.yaml"], 78),
        ] {
            let command = try #require(try DeepFlowCommand.parseAsRoot(arguments) as? ConfigCheckCommand)
            let error = await #expect(throws: CommandError.self) { try await command.run() }
            #expect(error?.exitCode == Int32(code))
        }
    }
}
