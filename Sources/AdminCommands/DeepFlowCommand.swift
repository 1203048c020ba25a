// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Glibc
internal import ServingModel

/// `deepflow`: the command for people. Every verb is one file under `Verbs`.
package struct DeepFlowCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "deepflow",
        abstract: "Serve language models from this machine.",
        discussion: """
            Example:
              deepflow run deepflow-guide "What is a template?"
              deepflow --node local ps

            Exit codes: 1 failed, 64 usage, 69 no server, 75 try again,
            77 not permitted, 78 configuration, 130 interrupted.
            """,
        version: "deepflow \(Release.version)",
        subcommands: [
            RunCommand.self, PsCommand.self, ModelCommand.self, InstanceCommand.self, TemplateCommand.self,
            JobCommand.self, NodeCommand.self, ConfigCommand.self, BenchCommand.self, VersionCommand.self,
        ])

    package init() {}

    /// Parses the process's arguments, runs the verb and ends the process with its exit code.
    package static func execute() async -> Never {
        StandardStreams.holdClosed()
        do {
            var command = try parseAsRoot(LeadingOptions.behindVerb(Array(CommandLine.arguments.dropFirst())))
            if var verb = command as? any AsyncParsableCommand {
                try await verb.run()
            } else {
                try command.run()
            }
        } catch let error as CommandError {
            end(with: error)
        } catch {
            // Help, too, is output that may not be writable.
            let (code, text) = (exitCode(for: error), fullMessage(for: error))
            if code.isSuccess { StandardStreams.writeLine(text) } else { StandardStreams.writeError(text + "\n") }
            Glibc.exit(code.rawValue)
        }
        Glibc.exit(0)
    }

    private static func end(with error: CommandError) -> Never {
        if error == .interrupted {
            StandardStreams.endInterruptedLine(
                errorIsTerminal: StandardStreams.errorIsTerminal, outputIsTerminal: StandardStreams.outputIsTerminal)
        } else {
            StandardStreams.writeError("Error: \(TerminalText.harmless("\(error)"))\n")
        }
        Glibc.exit(error.exitCode)
    }
}
