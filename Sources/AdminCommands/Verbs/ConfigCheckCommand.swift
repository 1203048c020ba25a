// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
package import DaemonSettings
internal import SettingFiles

/// `deepflow config check`
package struct ConfigCheckCommand: AsyncParsableCommand {
    /// Name and help.
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say everything that is wrong in the settings.",
        discussion: """
            Without files it checks what the daemons would read here: the files in
            /etc/deepflow, the installed defaults and the environment. A file belongs
            to the daemon that its name says (node.yaml, node.yaml.d/10-more.yaml), or
            to the one of --program.

            Example:
              deepflow config check
              deepflow config check --program node ./draft.yaml
            """)

    @Argument(help: ArgumentHelp("Files to check alone.", valueName: "file"), completion: .file(extensions: ["yaml"]))
    package var files: [String] = []
    @Option(help: ArgumentHelp("The daemon that reads the files: scheduler or node.", valueName: "name"))
    package var program: ConfiguredProgram?

    package init() {}

    /// Checks all and prints what is wrong.
    package func run() async throws {
        try check()
    }

    private func check() throws(CommandError) {
        var problems: [SettingProblem] = []
        var rightOnes: [String] = []
        for (name, program, layers) in try subjects() {
            let found = program.review(layers).problems
            if found.isEmpty { rightOnes.append(name) }
            problems += found
        }
        for name in rightOnes { StandardStreams.writeLine("\(TerminalText.harmless(name)): all right") }
        try ConfigCommand.refuse(problems)
    }

    /// What is to be checked, under the name that the answer calls it.
    private func subjects() throws(CommandError) -> [(String, ConfiguredProgram, [SettingLayer])] {
        guard files.isEmpty else { return try named() }
        return ConfiguredProgram.allCases.filter { program == nil || $0 == program }.map { program in
            (program.rawValue, program, SettingSources(program, environment: ConfigCommand.environment).layers())
        }
    }

    private func named() throws(CommandError) -> [(String, ConfiguredProgram, [SettingLayer])] {
        var subjects: [(String, ConfiguredProgram, [SettingLayer])] = []
        for file in files {
            guard let program = program ?? Self.program(reading: file) else {
                throw .usage("'\(file)' does not say whose settings it has: add --program scheduler or --program node")
            }
            let missing = SettingProblem(.file(path: file, line: 0), "there is no such file")
            let layer = SettingFile.layer(at: file, settings: program.settings) ?? SettingLayer(problem: missing)
            subjects.append((file, program, [layer]))
        }
        return subjects
    }

    /// The program that the last two words of a path speak of.
    static func program(reading file: String) -> ConfiguredProgram? {
        for word in file.split(separator: "/").suffix(2).reversed() {
            for program in ConfiguredProgram.allCases
            where word == "\(program.rawValue).yaml" || word == "\(program.rawValue).yaml.d" {
                return program
            }
        }
        return nil
    }
}
