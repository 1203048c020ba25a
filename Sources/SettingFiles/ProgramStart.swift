// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import Glibc

/// What a daemon does with its command line, environment and files.
package enum ProgramStart<Settings: SettingSet>: Sendable {
    /// All is well: serve with these, until the parent process ends, where one is named.
    case serve(LiveSettings<Settings>, SettingSources, parentProcess: Int32?)
    /// Something was asked for: print it and end with 0.
    case answer(String)
    /// Something is wrong: print every line and end with the code.
    case refusal([String], exitCode: Int32)

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - version: of the program, for `--version`.
    package init(
        arguments: [String], environment: [String: String], version: String,
        vendorDirectory: String? = InstallationPaths.vendorDirectory
    ) {
        let program = Settings.program
        let arguments = ProgramArguments(arguments, settings: program.settings)
        switch arguments.question {
        case .help: self = .answer(program.helpText)
        case .version: self = .answer("\(program.command) \(version)\n")
        case nil:
            let sources = SettingSources(
                program, arguments: arguments, environment: environment, vendorDirectory: vendorDirectory)
            let resolved = ResolvedSettings<Settings>(layers: sources.layers())
            guard !resolved.problems.isEmpty else {
                self = .serve(LiveSettings(resolved.settings), sources, parentProcess: arguments.parentProcess)
                return
            }
            // sysexits.h: a wrong command line is EX_USAGE, a wrong file or variable EX_CONFIG.
            let isUsage = resolved.problems.allSatisfy(\.isUsage)
            self = .refusal(
                resolved.problems.map { "\(program.command): \($0)" }
                    + (isUsage ? ["See \(program.command) --help."] : []), exitCode: isUsage ? 64 : 78)
        }
    }

    /// The settings to serve with; ends the process where there is something else to do.
    package func settingsOrExit() -> (
        live: LiveSettings<Settings>, sources: SettingSources, parentProcess: Int32?
    ) {
        switch self {
        case .serve(let live, let sources, let parentProcess):
            return (live, sources, parentProcess)
        case .answer(let text):
            print(text, terminator: "")
            exit(0)
        case .refusal(let lines, let exitCode):
            writeError(lines)
            exit(exitCode)
        }
    }
}

/// The end of a daemon that cannot serve.
package enum ProgramEnd {
    /// Prints what kept the daemon from serving and ends the process.
    package static func fail(_ error: any Error, exitCode: Int32) -> Never {
        writeError(["Error: \(error)"])
        exit(exitCode)
    }
}

/// Writes lines to the error stream, of which C's own name is a variable that Swift 6 does not let anyone touch.
private func writeError(_ lines: [String]) {
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
