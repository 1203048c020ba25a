// SPDX-License-Identifier: Apache-2.0

extension ConfiguredProgram {
    /// What `--help` prints: at most 79 columns.
    package var helpText: String {
        var text = "\(command): \(abstract)\n\nusage: \(command) [--SETTING VALUE]...\n\n\(discussion)\n\noptions:\n"
        text += Self.entry(
            "--configuration FILE",
            """
            File of settings, with FILE.d/*.yaml over it (default: /etc/deepflow/\(rawValue).yaml, where it exists; \
            also DEEPFLOW_CONFIGURATION).
            """)
        text += Self.entry("--parent-process PID", "Stop as on SIGTERM when this process ends.")
        text += Self.entry("--version", "Print the version.") + Self.entry("-h, --help", "Print this.")
        text += "\nsettings, also as keys of the file and as variables (deepflow config show):\n"
        let defaults = defaults
        for facts in settings {
            guard let flag = facts.flag else { continue }
            let spelling = facts.isSwitch ? "--[no-]\(flag)" : "--\(flag) \(facts.kind.uppercased())"
            let value = defaults[facts.name].map { "\($0)" } ?? ""
            text += Self.entry(
                spelling, "\(facts.help) (\(facts.name); default: \(value); allowed: \(facts.allowed))")
        }
        return text + "\nExit codes: 64 a wrong flag, 69 cannot serve, 78 a wrong setting elsewhere.\n"
    }

    /// A flag on its line, what it does below.
    private static func entry(_ spelling: String, _ sentence: String) -> String {
        "  \(spelling)\n" + wrapped(sentence, width: 79, indent: "        ")
    }

    private static func wrapped(_ sentence: String, width: Int, indent: String) -> String {
        var lines: [String] = []
        var line = indent
        for word in sentence.split(separator: " ") {
            if line.count + word.count + 1 > width, line.count > indent.count {
                lines.append(line)
                line = indent
            }
            line += (line.count > indent.count ? " " : "") + word
        }
        return (lines + [line]).joined(separator: "\n") + "\n"
    }
}
